import { mount } from "svelte";
import "twotower/element";
import App from "./App.svelte";

mount(App, { target: document.querySelector("#app") });
