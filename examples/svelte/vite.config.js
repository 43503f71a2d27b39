import { svelte } from "@sveltejs/vite-plugin-svelte";

export default {
  plugins: [svelte()],
  // Optimized, the package would not find its worker and data in the development server.
  optimizeDeps: { exclude: ["twotower"] },
};
