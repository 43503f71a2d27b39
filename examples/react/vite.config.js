import react from "@vitejs/plugin-react";

export default {
  plugins: [react()],
  // Optimized, the package would not find its worker and data in the development server.
  optimizeDeps: { exclude: ["twotower"] },
};
