import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { linkTo } from "./link.js";
import { STORIES, type Story, type StoryRun } from "./stories.js";

/** Stories: runs to try, with the effect to look at. Sends `tell` with the address fragment of the picked run. */
@define("tt-story-cards")
export class StoryCards extends LitElement {
  static override styles = [
    base,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr));
        gap: 16px;
      }
      li {
        display: grid;
        align-content: start;
        gap: 8px;
        padding: 14px 16px;
      }
      .runs {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        margin-top: 2px;
      }
      a {
        display: inline-block;
        min-height: 24px;
        font-weight: 550;
      }
    `,
  ];

  /** Whether no other run may be opened now. */
  @property({ type: Boolean }) disabled = false;

  override render(): TemplateResult {
    return html`<ul class="small">
      ${STORIES.map((story) => this.#card(story))}
    </ul>`;
  }

  #card(story: Story): TemplateResult {
    return html`<li class="card">
      <h3>${story.title}</h3>
      <p>${story.text}</p>
      <p class="muted"><strong>Look at:</strong> ${story.look}</p>
      <p class="muted"><strong>Measured:</strong> ${story.measured}</p>
      <p class="runs">${story.runs.map((run) => this.#link(story, run))}</p>
    </li>`;
  }

  #link({ title, dataset }: Story, { label, epochs, config }: StoryRun): TemplateResult {
    const href = linkTo({ dataset, epochs: String(epochs), ...(Object.keys(config).length > 0 && { config: JSON.stringify(config) }) });
    const pick = (event: MouseEvent): void => {
      // With a modifier key, the browser opens the link in another tab or window.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (!this.disabled) this.dispatchEvent(new CustomEvent<string>("tell", { detail: new URL(href).hash }));
    };
    return html`<a href=${href} aria-label="${label}: ${title}" @click=${pick}>${label}</a>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-story-cards": StoryCards;
  }
}
