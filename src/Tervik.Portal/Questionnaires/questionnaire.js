// Shows and hides questions that depend on others, at once. The server decides the same when it is saved; without this script the page shows them then.
const form = document.getElementById("questionnaire");
if (form) {
  const numeric = new Set(["integer", "decimal", "quantity"]);
  const isAsked = element => !element.closest("[hidden]");
  const own = (question, part) => [...part.querySelectorAll("input, select, textarea")].filter(field => field.closest(".question") === question && field.type !== "hidden");

  // What is answered in a question, or in one of its times.
  const valuesIn = (question, part) => {
    if (!isAsked(question)) return [];
    const values = [], fields = own(question, part);
    const beside = (field, ending) => fields.find(other => other.name === field.name + ending)?.value.trim() ?? "";
    for (const field of fields) {
      const isChoice = field.type === "radio" || field.type === "checkbox";
      if (/-(t|u)$/.test(field.name) || (isChoice && !field.checked)) continue;
      if (/-other$/.test(field.name)) {
        const list = fields.find(other => other.name === field.name.slice(0, -"-other".length));
        if (!list && field.value.trim()) values.push(field.value.trim());
        continue;
      }
      let value = field.value.trim();
      if (value === "*" && question.dataset.type === "openchoice") value = beside(field, "-other");
      if (value && question.dataset.type === "datetime" && beside(field, "-t")) value += `T${beside(field, "-t")}`;
      if (value) values.push(value);
    }
    return values;
  };

  // The nearest of several: an ancestor, else those in the smallest part around.
  const valuesOf = (link, from) => {
    const named = `.question[data-link="${CSS.escape(link)}"]`;
    const above = from.parentElement.closest(named);
    if (above) return valuesIn(above, [...above.querySelectorAll("[data-times]")].find(part => part.contains(from)) ?? above);
    for (let around = from.parentElement; around; around = around.parentElement) {
      const found = around === form || around.matches("[data-times]") ? [...around.querySelectorAll(named)] : [];
      if (found.length > 0) return found.flatMap(question => valuesIn(question, question));
      if (around === form) return [];
    }
    return [];
  };

  const compare = (type, a, b) => {
    if (numeric.has(type)) return Number(a.replace(",", ".")) - Number(b);
    const length = Math.min(a.length, b.length);
    return a.slice(0, length) < b.slice(0, length) ? -1 : a.slice(0, length) > b.slice(0, length) ? 1 : 0;
  };
  const ordered = new Set([...numeric, "date", "datetime", "time"]);
  const holds = ({ q, op, v }, from) => {
    const values = valuesOf(q, from);
    const type = form.querySelector(`.question[data-link="${CSS.escape(q)}"]`)?.dataset.type;
    if (op === "exists") return values.length > 0 === (v === "true");
    // A system that one of both does not name matches any.
    const same = value => ordered.has(type) ? compare(type, value, v) === 0 : value === v || (v.startsWith("|") && value.endsWith(v));
    if (op === "=") return values.some(same);
    if (op === "!=") return !values.some(same);
    return ordered.has(type) && values.some(value => {
      const order = compare(type, value, v);
      return op === ">" ? order > 0 : op === "<" ? order < 0 : op === ">=" ? order >= 0 : order <= 0;
    });
  };

  const settle = () => {
    // One question may open the next: as often as they can follow each other.
    for (let round = 0; round < 20; round++) {
      let changed = false;
      const put = (element, hidden) => {
        if (element.hidden !== hidden) [element.hidden, changed] = [hidden, true];
      };
      for (const below of form.querySelectorAll("[data-below]")) put(below, valuesIn(below.parentElement.closest(".question"), below.parentElement).length === 0);
      for (const question of form.querySelectorAll("[data-when]")) {
        const conditions = JSON.parse(question.dataset.when);
        put(question, !(question.dataset.all ? conditions.every(one => holds(one, question)) : conditions.some(one => holds(one, question))));
      }
      if (!changed) break;
    }
    form.elements.shown.value = [...form.querySelectorAll("[data-name]")].filter(isAsked).map(question => question.dataset.name).join(" ");
  };
  form.addEventListener("input", settle);
  form.addEventListener("change", settle);
  settle();
}
