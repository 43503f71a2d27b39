/** Parts of the page that are loaded after the rest. */

import "../panels/compare-panel.js";
import "../panels/epoch-table.js";
import "../panels/step-profile.js";
import "./page-footer.js";
import "./share-bar.js";
