export default {
  title: "A site that trains a recommender",
  vue: {
    template: {
      compilerOptions: { isCustomElement: (tag) => tag === "two-tower-trainer" },
    },
  },
  vite: {
    // The optimizer of the development server would separate the package from its worker and data.
    optimizeDeps: { exclude: ["twotower"] },
  },
};
