/** Loads the module whose address is given, and tells the addresses of all that were loaded for it. */
import { registerHooks } from 'node:module';

const [, , address = ''] = process.argv;
const loaded = new Set<string>();
registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context);
    loaded.add(resolved.url);
    return resolved;
  },
});
await import(address);
process.send?.([...loaded], () => process.exit());
