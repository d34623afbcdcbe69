// An explorer of one slider: its positions are drawn already, in parts that positions share.
const draw = ({ position }) => {
  const { value, verdict, runs } = settings.frames[position];
  const drawing = runs.map(([from, to]) => settings.parts.slice(from, to).join("")).join("");
  return { values: { position }, words: { position: value }, verdict, drawing };
};
