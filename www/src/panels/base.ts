/**
 * Styles that all panels share: type, buttons, fields, focus. Colours and the unit `--rem` come from `palette.css`,
 * because the surrounding page sets the size of the unit `rem`.
 */

import { css, type CSSResult, unsafeCSS } from "lit";

/** Returns declarations that limit a text to a number of lines: titles in files may have any length. */
export function clamped(lines: number): CSSResult {
  return css`
    display: -webkit-box;
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: ${unsafeCSS(lines)};
  `;
}

export const base = css`
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h2,
  h3,
  legend {
    padding: 0;
    font-size: calc(0.875 * var(--rem));
    font-weight: 600;
    line-height: 1.4;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: calc(0.8125 * var(--rem));
    line-height: 1.45;
  }
  .figure {
    font-variant-numeric: tabular-nums;
  }
  .card {
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  button,
  input,
  select {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
  }
  .button {
    min-height: 40px;
    padding: 0 18px;
    border: 1px solid var(--edge);
    border-radius: 8px;
    background: var(--raised);
    font-weight: 550;
    transition: background-color 0.12s;
  }
  .button:hover:not(:disabled) {
    background: var(--sunken);
  }
  .button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }
  .button.primary:hover:not(:disabled) {
    background: var(--accent-strong);
  }
  .button:disabled {
    cursor: default;
    opacity: 0.45;
  }
  .field {
    width: 100%;
    min-height: 36px;
    padding: 0 10px;
    border: 1px solid var(--edge);
    border-radius: 6px;
    background: var(--raised);
    font-variant-numeric: tabular-nums;
  }
  .field:disabled {
    border-color: var(--line);
    color: var(--muted);
  }
  .field:user-invalid {
    border-color: var(--accent);
    outline: 1px solid var(--accent);
  }
  progress {
    appearance: none;
    width: 100%;
    height: 6px;
    border: 0;
    border-radius: 3px;
    background: var(--sunken);
    overflow: hidden;
  }
  progress::-webkit-progress-bar {
    background: var(--sunken);
  }
  progress::-webkit-progress-value {
    background: var(--accent);
  }
  progress::-moz-progress-bar {
    background: var(--accent);
  }
  a {
    color: inherit;
    text-decoration-color: var(--edge);
    text-underline-offset: 0.2em;
  }
  summary {
    min-height: 24px;
    padding-block: 2px;
    cursor: pointer;
  }
  :focus-visible {
    outline: 2px solid var(--recall);
    outline-offset: 2px;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  /* Forced system colours hide the background that marks a choice. */
  @media (forced-colors: active) {
    :checked + span {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
    progress {
      border: 1px solid CanvasText;
      forced-color-adjust: none;
    }
    progress,
    progress::-webkit-progress-bar {
      background: Canvas;
    }
    progress::-webkit-progress-value {
      background: Highlight;
    }
    progress::-moz-progress-bar {
      background: Highlight;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    ::before,
    ::after {
      transition: none !important;
      animation: none !important;
    }
  }
`;
