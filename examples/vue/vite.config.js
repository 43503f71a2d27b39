import vue from "@vitejs/plugin-vue";

export default {
  plugins: [
    vue({
      template: {
        compilerOptions: { isCustomElement: (tag) => tag === "two-tower-trainer" },
      },
    }),
  ],
  // Optimized, the package would not find its worker and data in the development server.
  optimizeDeps: { exclude: ["twotower"] },
};
