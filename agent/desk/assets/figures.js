// Draws each table of the page as a plot. Without this file the tables are all there is.

// The server serves it from its package under this name.
const { default: uPlot } = await import(new URL('uplot.js', import.meta.url).href);

const colours = ['#56605b', '#1f8a63', '#c2410c'];

for (const place of document.querySelectorAll('[data-plot]')) {
  const table = document.getElementById(place.dataset.plot).querySelector('table');
  const [, ...names] = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) =>
    [...row.cells].map((cell) => cell.textContent.trim()),
  );
  const labels = rows.map(([label]) => label);
  const data = [
    rows.map((_, nth) => nth),
    ...names.map((_, nth) =>
      rows.map((row) => (row[nth + 1] === '–' ? null : Number(row[nth + 1]))),
    ),
  ];
  const size = () => ({ width: Math.max(280, place.clientWidth), height: 220 });
  const ink = getComputedStyle(document.body).color;
  const axis = { stroke: ink, grid: { stroke: 'rgba(128,128,128,0.2)', width: 1 } };
  const plot = new uPlot(
    {
      ...size(),
      scales: { x: { time: false }, y: { range: (_, _least, most) => [0, Math.max(1, most)] } },
      series: [
        { value: (_, nth) => labels[nth] ?? '' },
        ...names.map((label, nth) => ({
          label,
          stroke: colours[nth % colours.length],
          width: 2,
          spanGaps: false,
          points: { show: true, size: 5 },
        })),
      ],
      axes: [
        // A day without its year: whole ones would lie over each other.
        {
          ...axis,
          values: (_, places) =>
            places.map((nth) => labels[nth]?.replace(/^\d{4}-(?=.+-)/, '') ?? ''),
        },
        { ...axis, label: place.dataset.unit, size: 60 },
      ],
    },
    data,
    place,
  );
  new ResizeObserver(() => plot.setSize(size())).observe(place);
}
