// The command bar: Ctrl+K (Cmd+K) opens a dialog that finds patients, pages of the open record and places.
// Combobox pattern of the ARIA Authoring Practices: focus stays in the field, aria-activedescendant tells which hit is meant.
const dialog = document.getElementById("command");
const opener = document.getElementById("command-open");

if (dialog && opener && typeof dialog.showModal === "function") {
  const field = dialog.querySelector("input[role=combobox]");
  const list = dialog.querySelector("[role=listbox]");
  const said = dialog.querySelector("[role=status]");
  const wait = 150; // ms: one look-up for a word, not one for each letter; each is logged
  let timer = 0, request = null, options = [], active = -1, isOld = false;

  const mark = index => {
    options[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = options[active];
    if (!option) return field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  };

  const make = (tag, role, text) => {
    const element = document.createElement(tag);
    if (role) element.setAttribute("role", role);
    if (text) element.textContent = text;
    return element;
  };

  const show = found => {
    list.replaceChildren();
    options = [];
    active = -1;
    isOld = false;
    found.groups.forEach((group, number) => {
      const part = make("div", "group");
      const name = make("div", "presentation", group.name);
      name.id = `command-group-${number}`;
      name.className = "command-group";
      part.setAttribute("aria-labelledby", name.id);
      part.append(name);
      for (const hit of group.hits) {
        const option = make("div", "option");
        option.id = `command-hit-${options.length}`;
        option.className = "command-hit";
        option.dataset.path = hit.path;
        option.setAttribute("aria-selected", "false");
        option.append(make("span", null, hit.title));
        if (hit.detail) option.append(" ", Object.assign(make("span", null, hit.detail), { className: "subtle" }));
        options.push(option);
        part.append(option);
      }
      list.append(part);
    });
    field.setAttribute("aria-expanded", String(options.length > 0));
    said.textContent = found.said;
    mark(options.length > 0 ? 0 : -1);
  };

  const find = async () => {
    request?.abort();
    const own = request = new AbortController();
    try {
      const answer = await fetch(dialog.dataset.find, { method: "POST", body: new URLSearchParams(new FormData(field.form)), signal: own.signal, headers: { Accept: "application/json" } });
      // Signed out meanwhile: the page says so better than the bar could.
      if (!answer.ok || !answer.headers.get("content-type")?.includes("json")) return field.form.submit();
      const found = await answer.json();
      if (own === request) show(found);
    } catch (fault) {
      if (fault.name !== "AbortError") field.setAttribute("aria-expanded", "false"); // Enter then loads the page /go
    }
  };

  const open = () => {
    if (dialog.open) return field.select();
    dialog.showModal();
    field.value = "";
    find();
  };

  const go = option => { if (option) location.assign(option.dataset.path); };

  opener.addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    isOld = true;
    timer = setTimeout(find, wait);
  });
  field.addEventListener("keydown", event => {
    if (event.isComposing) return; // Enter ends a Korean syllable
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (options.length > 0) mark((active + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length);
    } else if (event.key === "Enter" && options[active] && !isOld) { // hits of an earlier word are not meant: the page /go is loaded with this one
      event.preventDefault();
      go(options[active]);
    }
  });
  list.addEventListener("click", event => go(event.target.closest("[role=option]")));
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); }); // beside it
  dialog.addEventListener("close", () => { request?.abort(); clearTimeout(timer); });
}
