/**
 * An index that is made once for each list, and kept as long as the list is: a call asks the same one
 * many times, and a look at each of thousands of rows would be felt in its answers.
 */
export function oncePerList<Row, Index>(
  make: (list: readonly Row[]) => Index,
): (list: readonly Row[]) => Index {
  const made = new WeakMap<readonly Row[], { readonly index: Index }>();
  return (list) => {
    let known = made.get(list);
    if (!known) made.set(list, (known = { index: make(list) }));
    return known.index;
  };
}
