import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Every file with the files that it imports, by paths from the root; of types and on demand too. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** `import`, `export ... from`, and `import()` as an expression or in a type, with its path. */
const imported =
  /^(?:import|export)\s(?:[^;'"]*\sfrom\s)?\s*'([^']+)'|(?<!^\s*(?:\/\/|\*).*)\bimport\(\s*'([^']+)'/gm;

/** Reads the imports of all TypeScript files in `folders` of `root`. Packages are left out. */
export function importGraph(root: string, folders: readonly string[]): ImportGraph {
  const files = globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  );
  return new Map(files.sort().map((file) => [file, importsOf(root, file)] as const));
}

function importsOf(root: string, file: string): ReadonlySet<string> {
  const text = readFileSync(posix.join(root, file), 'utf8');
  const paths = [...text.matchAll(imported)].map(([, fixed, onDemand]) => fixed ?? onDemand ?? '');
  return new Set(
    paths
      .filter((path) => path.startsWith('.'))
      .map((path) => posix.join(posix.dirname(file), path)),
  );
}

/** A shortest circle of imports through each knot of files, as the path that comes back to its start. */
export function circles(graph: ImportGraph): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const seen = new Set<string>();
  for (const file of graph.keys()) {
    if (seen.has(file)) continue;
    const circle = shortestWayBack(graph, file);
    if (!circle) continue;
    found.push(circle);
    for (const member of circle) seen.add(member);
  }
  return found;
}

function shortestWayBack(graph: ImportGraph, start: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const target of graph.get(file) ?? []) {
      if (target === start) return wayTo(file, cameFrom, start);
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return undefined;
}

function wayTo(
  last: string,
  cameFrom: ReadonlyMap<string, string>,
  start: string,
): readonly string[] {
  const way = [start];
  for (let file: string | undefined = last; file !== undefined && file !== start;) {
    way.splice(1, 0, file);
    file = cameFrom.get(file);
  }
  return [...way, start];
}
