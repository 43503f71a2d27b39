import react from "@vitejs/plugin-react";

export default {
  plugins: [react()],
  // The development server would lose the files that the package loads beside its own.
  optimizeDeps: { exclude: ["twotower"] },
};
