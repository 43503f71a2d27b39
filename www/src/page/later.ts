/** Parts of the page that are loaded after the rest. */

import "../panels/compare-panel.js";
import "../panels/epoch-table.js";
import "../panels/step-profile.js";
import "../panels/words/term.js";
import "./page-footer.js";
import "./pictures.js";
import "./share-bar.js";
import "./story-cards.js";
import "./tour.js";
