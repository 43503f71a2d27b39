import { svelte } from "@sveltejs/vite-plugin-svelte";

export default {
  plugins: [svelte()],
  // The development server would lose the files that the package loads beside its own.
  optimizeDeps: { exclude: ["twotower"] },
};
