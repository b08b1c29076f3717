// Counts down how long a time is kept. The server decides; this only shows it, and says aloud when a minute is left and when it is over.
const clock = document.getElementById("hold-clock");
const said = document.getElementById("hold-said");
if (clock && said) {
  const end = performance.now() + Number(clock.dataset.seconds) * 1000;
  let warned = false;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = left === 0 ? clock.dataset.over : clock.dataset.left.replace("{0}", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    if (left <= 60 && left > 0 && !warned) {
      warned = true;
      said.textContent = clock.dataset.minute;
    }
    if (left === 0) said.textContent = clock.dataset.over;
    else setTimeout(show, 1000);
  };
  show();
}
