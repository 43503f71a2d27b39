import vue from "@vitejs/plugin-vue";

export default {
  plugins: [
    vue({
      template: {
        compilerOptions: { isCustomElement: (tag) => tag === "two-tower-trainer" },
      },
    }),
  ],
  // The development server would lose the files that the package loads beside its own.
  optimizeDeps: { exclude: ["twotower"] },
};
