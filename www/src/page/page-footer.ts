import { css, html, LitElement, type TemplateResult } from "lit";

import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { SHIPPED } from "../panels/data-set.js";
import { NOTICES } from "./notices.js";

/** Sources and terms of the built-in data. */
@define("tt-page-footer")
export class PageFooter extends LitElement {
  static override styles = [
    base,
    css`
      footer {
        display: grid;
        gap: 6px;
        padding: 20px 0 40px;
        border-top: 1px solid var(--line);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<footer class="small muted">
      <p>Everything runs on this machine: no data leaves the page.</p>
      ${SHIPPED.map(
        ({ title, credit: { work, url, licence, licenceUrl } }) =>
          html`<p>${title}: <a href=${url}>${work}</a>, changed, <a href=${licenceUrl}>${licence}</a>.</p>`,
      )}
      <p>Made with the <a href=${NOTICES} target="_blank">work of others</a>, under their licences.</p>
    </footer>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-page-footer": PageFooter;
  }
}
