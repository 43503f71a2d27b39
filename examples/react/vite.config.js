import react from "@vitejs/plugin-react";

export default {
  plugins: [react()],
  // The optimizer of the development server would separate the package from its worker and data.
  optimizeDeps: { exclude: ["twotower"] },
};
