import { createApp } from "vue";
import "twotower/element";
import App from "./App.vue";

createApp(App).mount("#app");
