export default {
  title: "A site that trains a recommender",
  vue: {
    template: {
      compilerOptions: { isCustomElement: (tag) => tag === "two-tower-trainer" },
    },
  },
  vite: {
    // Optimized, the package would not find its worker and data in the development server.
    optimizeDeps: { exclude: ["twotower"] },
  },
};
