/** Styles of tables of figures. A table that is wider than its `.scroll` container scrolls. */

import { css } from "lit";

export const table = css`
  .scroll {
    overflow-x: auto;
  }
  table {
    border-spacing: 0;
    width: 100%;
  }
  th,
  td {
    padding: 5px 10px;
    border-top: 1px solid var(--line);
    text-align: end;
    white-space: nowrap;
    font-weight: normal;
  }
  thead th {
    border: 0;
    color: var(--muted);
  }
  th:first-child {
    padding-inline-start: 0;
    text-align: start;
  }
`;
