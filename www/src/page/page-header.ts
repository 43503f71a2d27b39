import { css, html, LitElement, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "../panels/base.js";
import { define } from "../panels/define.js";

/** Cells across and down a tower of the drawing, and their pitch. */
const ACROSS = 4;
const DOWN = 6;
const PITCH = 15;

/** Header of the page: its text, which `index.html` contains so that it shows at once, and a drawing. */
@define("tt-page-header")
export class PageHeader extends LitElement {
  static override styles = [
    base,
    css`
      header {
        display: flex;
        align-items: end;
        justify-content: space-between;
        gap: 40px;
        padding: var(--header-top) 0 clamp(20px, 2.5vw, 32px);
      }
      svg {
        flex: none;
        width: 268px;
        margin-inline-end: 8px;
        overflow: visible;
      }
      .user {
        fill: var(--recall);
      }
      .item {
        fill: var(--accent);
      }
      .link {
        stroke: var(--edge);
        stroke-dasharray: 2 4;
        stroke-linecap: round;
        stroke-width: 1.5;
      }
      text {
        font: 500 12px var(--sans);
        fill: var(--muted);
        text-anchor: middle;
      }
      @media (max-width: 860px) {
        svg {
          display: none;
        }
      }
    `,
  ];

  @property() user = "user";
  @property() item = "item";

  override render(): TemplateResult {
    return html`<header>
      <div><slot></slot></div>
      <svg viewBox="0 0 268 128" aria-hidden="true">
        <line class="link" x1="73" y1="14" x2="195" y2="14" />
        <text x="134" y="34">${this.user} · ${this.item}</text>
        ${tower("user", 8, 1)} ${tower("item", 203, 5)}
      </svg>
    </header>`;
  }
}

/** Draws a table of vectors with one vector above it. Shades stand for values and are the same at each visit. */
function tower(side: "user" | "item", left: number, start: number): SVGTemplateResult[] {
  const cells = Array.from({ length: ACROSS * (DOWN + 1) }, (_, ix) => ({ column: ix % ACROSS, row: Math.floor(ix / ACROSS), ix }));
  return cells.map(({ column, row, ix }) => {
    const shade = 0.16 + 0.62 * (((ix + start) * 0.618) % 1);
    const y = row === 0 ? 8 : 18 + row * PITCH;
    return svg`<rect class=${side} x=${left + column * PITCH} y=${y} width="12" height="12" rx="2.5" opacity=${row === 0 ? Math.min(1, shade + 0.25) : shade} />`;
  });
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-page-header": PageHeader;
  }
}
