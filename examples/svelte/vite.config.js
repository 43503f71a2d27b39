import { svelte } from "@sveltejs/vite-plugin-svelte";

export default {
  plugins: [svelte()],
  // The optimizer of the development server would separate the package from its worker and data.
  optimizeDeps: { exclude: ["twotower"] },
};
