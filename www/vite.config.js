/** How `vite preview` serves `dist`: a file that is not there is a 404, not the page. */
export default { appType: "mpa" };
