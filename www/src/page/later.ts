/** Parts of the page that can wait until the rest is there. */

import "../panels/compare-panel.js";
import "../panels/epoch-table.js";
import "../panels/step-profile.js";
import "./page-footer.js";
import "./share-bar.js";
