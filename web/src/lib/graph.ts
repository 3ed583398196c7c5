/** The impact graph: what is drawn of it, and where. Columns from the evidence (left) to care (right). Pure. */

export interface GraphCause {
  rule: string;
  text: string;
  source: string;
  share: number;
}

export interface GraphEdge {
  of: string;
  on: string;
  causes: GraphCause[];
}

export interface GraphNode {
  id: string;
  name: string;
  kind: "asset" | "service" | "zone";
  group: string;
  group_name: string;
  layer: number;
  evidence: string[];
  probability: number;
  earliest: number;
  holds: number[];
  states: { state: string; state_name: string; probability: number; earliest: number; holds: number[] }[];
}

export interface ImpactGraph {
  times: number[];
  nodes: GraphNode[];
  edges: GraphEdge[];
  left_out: number;
  loss: [number, number];
  loss_without: [number, number];
  gain: { mean: number; low: number; high: number } | null;
}

/** One thing on the screen: a thing of the hospital, or the rest of its family in that column. */
export interface Shown {
  id: string;
  members: GraphNode[];
  group: string;
  layer: number;
  /** Set for the rest of a family: its key, by which it is opened. */
  more: string;
  x: number;
  y: number;
}

export interface ShownEdge {
  id: string;
  of: string;
  on: string;
  /** Share of courses in which it was the cause, the largest of its rules. */
  share: number;
}

export interface Picture {
  shown: Shown[];
  edges: ShownEdge[];
}

/** Order of families in a column: as in the forecast, care first. */
const FAMILIES = ["care", "medical", "pharmacy", "cold_chain", "it", "network", "utility", "physical", "other"];
/** Things of a family and column that are drawn one by one; the rest stands as one (chosen: names stay readable). */
const FEW = 3;
const FEW_CARE = 11;
/** Rows of a column before it goes on beside itself. */
const ROWS = 12;
/** Size of a thing and distances, in the graph's own units (pixels at normal size). */
export const WIDTH = 190;
export const HEIGHT = 76;
const GAP_X = 64;
const GAP_Y = 14;

/** Return what is drawn of `graph`, families in `open` whole. */
export function picture(graph: ImpactGraph, open: ReadonlySet<string>): Picture {
  const shown = gather(graph.nodes, open);
  const place = new Map(shown.flatMap((one) => one.members.map((node) => [node.id, one.id] as const)));
  const edges = join(graph.edges, place);
  arrange(shown, edges);
  return { shown, edges };
}

function gather(nodes: GraphNode[], open: ReadonlySet<string>): Shown[] {
  const families = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const key = `${node.layer}/${node.group}`;
    families.set(key, [...(families.get(key) ?? []), node]);
  }
  const shown: Shown[] = [];
  for (const [key, members] of families) {
    const few = open.has(key) ? members.length : (members[0]?.group === "care" ? FEW_CARE : FEW);
    const ranked = members.toSorted((one, other) => Number(other.evidence.length > 0) - Number(one.evidence.length > 0) || other.probability - one.probability || one.name.localeCompare(other.name));
    // One that is left over stands for itself: "1 more" says less than its name.
    const single = ranked.filter((node, index) => node.evidence.length > 0 || index < few || ranked.length === few + 1);
    const rest = ranked.filter((node) => !single.includes(node));
    for (const node of single) shown.push({ id: node.id, members: [node], group: node.group, layer: node.layer, more: "", x: 0, y: 0 });
    const [first] = rest;
    if (first) shown.push({ id: `more/${key}`, members: rest, group: first.group, layer: first.layer, more: key, x: 0, y: 0 });
  }
  return shown;
}

function join(edges: GraphEdge[], place: Map<string, string>): ShownEdge[] {
  const found = new Map<string, ShownEdge>();
  for (const edge of edges) {
    const [of, on] = [place.get(edge.of), place.get(edge.on)];
    if (!of || !on || of === on) continue;
    const id = `${of}→${on}`;
    const share = Math.max(found.get(id)?.share ?? 0, ...edge.causes.map((cause) => cause.share));
    found.set(id, { id, of, on, share });
  }
  return [...found.values()];
}

/** Give every thing its place: columns by layer, in each the families in order, and near what leads to them. */
function arrange(shown: Shown[], edges: ShownEdge[]): void {
  const before = new Map<string, string[]>();
  for (const edge of edges) before.set(edge.on, [...(before.get(edge.on) ?? []), edge.of]);
  const height = new Map<string, number>();
  let column = 0;
  for (const layer of [...new Set(shown.map((one) => one.layer))].toSorted((one, other) => one - other)) {
    const members = shown.filter((one) => one.layer === layer);
    const pull = (one: Shown): number => {
      const known = (before.get(one.id) ?? []).flatMap((id) => height.get(id) ?? []);
      return known.length > 0 ? known.reduce((sum, at) => sum + at, 0) / known.length : 0;
    };
    const family = (one: Shown): number => FAMILIES.indexOf(one.group) + (one.more ? 0.5 : 0);
    members.sort((one, other) => family(one) - family(other) || pull(one) - pull(other));
    const wide = Math.ceil(members.length / ROWS);
    const rows = Math.ceil(members.length / wide);
    for (const [index, one] of members.entries()) {
      const [side, row] = [Math.floor(index / rows), index % rows];
      const tall = Math.min(rows, members.length - side * rows);
      one.x = column + side * (WIDTH + GAP_Y);
      one.y = (row - (tall - 1) / 2) * (HEIGHT + GAP_Y);
      height.set(one.id, one.y);
    }
    column += (wide - 1) * (WIDTH + GAP_Y) + WIDTH + GAP_X;
  }
}

/** Return the chance of the likeliest of `members` at time number `at`. */
export function chance(members: GraphNode[], at: number): number {
  return Math.max(0, ...members.map((node) => node.holds[at] ?? 0));
}

export type Grade = "critical" | "high" | "medium" | "low" | "none";

/** Return the grade by which a chance is drawn. Chosen: quarters of certainty are what a person tells apart. */
export function grade(share: number): Grade {
  if (share >= 0.75) return "critical";
  if (share >= 0.4) return "high";
  if (share >= 0.1) return "medium";
  return share >= 0.02 ? "low" : "none";
}

/** Return the state of `node` that is likeliest at time number `at`; null where none holds. */
export function stateAt(node: GraphNode, at: number): GraphNode["states"][number] | null {
  const [best] = node.states.toSorted((one, other) => (other.holds[at] ?? 0) - (one.holds[at] ?? 0));
  return best && (best.holds[at] ?? 0) > 0 ? best : null;
}

/** Return where `key` leads from `from`: along an edge (left, right), or within the column (up, down). */
export function step(drawn: Picture, from: string, key: string): string | null {
  const here = drawn.shown.find((one) => one.id === from);
  if (!here) return drawn.shown.toSorted((one, other) => one.x - other.x || one.y - other.y)[0]?.id ?? null;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const sign = key === "ArrowDown" ? 1 : -1;
    const column = drawn.shown.filter((one) => one.x === here.x && sign * (one.y - here.y) > 0);
    return column.toSorted((one, other) => sign * (one.y - other.y))[0]?.id ?? null;
  }
  const along = drawn.edges
    .filter((edge) => (key === "ArrowRight" ? edge.of : edge.on) === from)
    .map((edge) => ({ share: edge.share, to: drawn.shown.find((one) => one.id === (key === "ArrowRight" ? edge.on : edge.of)) }))
    .filter((one) => one.to && (key === "ArrowRight" ? one.to.x > here.x : one.to.x < here.x));
  const [best] = along.toSorted((one, other) => other.share - one.share);
  if (best?.to) return best.to.id;
  const beside = drawn.shown.filter((one) => (key === "ArrowRight" ? one.x > here.x : one.x < here.x));
  return beside.toSorted((one, other) => Math.abs(one.x - here.x) - Math.abs(other.x - here.x) || Math.abs(one.y - here.y) - Math.abs(other.y - here.y))[0]?.id ?? null;
}

/** Return `id` and everything on the ways from the evidence to it, and from it on: what is lit when it is chosen. */
export function ways(edges: ShownEdge[], id: string): Set<string> {
  const found = new Set([id]);
  for (const [from, to] of [["on", "of"], ["of", "on"]] as const) {
    const waiting = [id];
    const seen = new Set(waiting);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const edge of edges) {
        if (edge[from] !== next || seen.has(edge[to])) continue;
        seen.add(edge[to]);
        found.add(edge[to]);
        waiting.push(edge[to]);
      }
    }
  }
  return found;
}
