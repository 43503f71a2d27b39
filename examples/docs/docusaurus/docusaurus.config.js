module.exports = {
  title: "A site that trains a recommender",
  url: "https://example.org",
  baseUrl: "/",
  clientModules: ["./two-tower.js"],
  presets: [["classic", { docs: { routeBasePath: "/" }, blog: false }]],
};
