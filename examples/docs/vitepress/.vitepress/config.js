export default {
  title: "A site that trains a recommender",
  vue: {
    template: {
      compilerOptions: { isCustomElement: (tag) => tag === "two-tower-trainer" },
    },
  },
  vite: {
    // The development server would lose the files that the package loads beside its own.
    optimizeDeps: { exclude: ["twotower"] },
  },
};
