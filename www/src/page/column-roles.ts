/** Roles of the columns of a file, and the options that set them. */

import type { ColumnReport, FileReport } from "../index.js";
import type { Value, Values } from "../panels/settings.js";

/** A role that a column may have. */
export interface Role {
  role: ColumnReport["role"];
  /** The option that names the column. */
  key: string;
  label: string;
}

const PAIRS: readonly Role[] = [
  { role: "user", key: "data.columns.user", label: "user" },
  { role: "item", key: "data.columns.item", label: "item" },
  { role: "rating", key: "data.columns.rating", label: "rating" },
  { role: "timestamp", key: "data.columns.timestamp", label: "time" },
];
const ITEMS: readonly Role[] = [
  { role: "item", key: "data.items.id", label: "item" },
  { role: "title", key: "data.items.title", label: "title" },
  { role: "feature", key: "towers.item.features", label: "feature" },
];
const USERS: readonly Role[] = [
  { role: "user", key: "data.users.id", label: "user" },
  { role: "feature", key: "towers.user.features", label: "feature" },
];

/** Returns the roles that the columns of a file may have. */
export function rolesOf({ part }: FileReport): readonly Role[] {
  return part === "items" ? ITEMS : part === "users" ? USERS : PAIRS;
}

/** Returns the names of the columns, or their positions where the file has no header. */
export function columnsOf({ rows, header }: FileReport): string[] {
  const width = Math.max(0, ...rows.map((row) => row.length));
  const names = header ? (rows[0] ?? []) : [];
  return Array.from({ length: width }, (_, position) => (names[position] ?? "") === "" ? String(position) : String(names[position]));
}

/** Returns the role of each column. An option that is set counts even before the file is read with it. */
export function assigned(file: FileReport, values: Values): (Role | undefined)[] {
  const roles = columnsOf(file).map((): Role | undefined => undefined);
  for (const role of rolesOf(file)) {
    for (const position of role.role === "feature" ? featuresOf(file, role, values) : [placeOf(file, role, values)]) {
      if (position !== undefined && position < roles.length) roles[position] ??= role;
    }
  }
  return roles;
}

/** Returns the options after a change of a column's role. Two columns swap their roles. */
export function reassigned(file: FileReport, values: Values, position: number, role: Role | undefined): Values {
  const roles = assigned(file, values);
  const before = roles[position];
  const next: Record<string, Value> = { ...values };
  if (before?.role === "feature") {
    next[before.key] = listed(values, before).filter((name) => positionOf(file, bare(name)) !== position);
  }
  if (role?.role === "feature") next[role.key] = [...listed(values, role), String(labelOf(file, position))];
  if (role === undefined || role.role === "feature") {
    if (before && before.role !== "feature") next[before.key] = null;
    return next;
  }
  // Sets the columns of the other ids, too: a guess may change with the options.
  roles.forEach((other, at) => {
    if (other?.role === "user" || other?.role === "item") next[other.key] = labelOf(file, at);
  });
  const twin = roles.findIndex((other) => other?.role === role.role);
  if (before && before.role !== "feature") next[before.key] = twin < 0 ? null : labelOf(file, twin);
  next[role.key] = labelOf(file, position);
  return next;
}

/** Returns whether a column has its role by an option, so that the role can be removed. */
export function isChosen(role: Role, values: Values): boolean {
  return role.role === "feature" || (values[role.key] ?? null) !== null;
}

/** Names a column as options do: by its name if that is unique, else by its position. */
function labelOf({ rows, header, layout }: FileReport, position: number): string | number {
  const names = header ? (rows[0] ?? []) : [];
  const name = names[position];
  if (name === undefined || name === "") return position;
  const isPlain = name.length < MOST && names.filter((other) => other === name).length === 1;
  return isPlain || layout.startsWith("json") ? name : position;
}

/** Length from which a cell in a report may be truncated. */
const MOST = 60;

function placeOf(file: FileReport, role: Role, values: Values): number | undefined {
  const value = values[role.key] ?? null;
  const set = typeof value === "string" || typeof value === "number" ? positionOf(file, value) : undefined;
  return set ?? file.columns.find((column) => column.role === role.role)?.position;
}

function featuresOf(file: FileReport, role: Role, values: Values): (number | undefined)[] {
  if (role.key in values) return listed(values, role).map((name) => positionOf(file, bare(name)));
  return file.columns.filter((column) => column.role === "feature").map(({ position }) => position);
}

function listed(values: Values, { key }: Role): string[] {
  const value = values[key];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Returns the column of a feature, without the suffix that says how to split it. */
function bare(feature: string): string {
  return feature.split(":")[0] ?? feature;
}

function positionOf(file: FileReport, column: string | number): number | undefined {
  if (typeof column === "number") return column;
  const position = columnsOf(file).indexOf(column);
  return position < 0 ? undefined : position;
}
