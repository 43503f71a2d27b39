import vue from "@vitejs/plugin-vue";

export default {
  plugins: [
    vue({
      template: {
        compilerOptions: { isCustomElement: (tag) => tag === "two-tower-trainer" },
      },
    }),
  ],
  // The optimizer of the development server would separate the package from its worker and data.
  optimizeDeps: { exclude: ["twotower"] },
};
