"use strict";
/* What a page does beyond being read: ages, filter, sort, dark mode. Without it all is there. */
(() => {
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function kept(value) {
	try { // a browser may forbid it
		if (value) localStorage.setItem("theme", value);
		return localStorage.getItem("theme");
	} catch { return value; }
}

function theme(value) {
	if (value === "dark" || value === "light") root.dataset.theme = value;
	return (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
}
theme(kept()); // before anything is painted

function make(name, attributes, text) {
	const one = Object.assign(document.createElement(name), attributes);
	if (text) one.textContent = text;
	return one;
}

/* --- dark mode --- */
function themeStart() {
	const button = document.getElementById("theme");
	const show = () => button.setAttribute("aria-pressed", theme());
	button.textContent = "Dark mode";
	button.hidden = false;
	button.addEventListener("click", () => { theme(kept(theme() ? "light" : "dark") || (theme() ? "light" : "dark")); show(); });
	dark.addEventListener("change", show);
	show();
}

/* --- ages --- */
function ago(seconds) {
	const [least, unit] = [[172800, 86400, "days"], [7200, 3600, "h"], [60, 60, "min"], [-1e9, 60, ""]]
		.find(([from]) => seconds >= from).slice(1);
	return unit ? `${Math.floor(seconds / least)} ${unit} ago` : "just now";
}

let generated = "";

/* Milliseconds of a <time>; a clock without a date is of the report's day. */
function moment(time) {
	const text = time.dateTime || time.textContent;
	return Date.parse((text.length < 6 ? generated.slice(0, 10) + "T" + text + "Z" : text.replace(" ", "T")));
}

function ageOf(when) { return ago((Date.now() - when) / 1000); }

function agesStart() {
	const own = document.getElementById("generated");
	generated = own ? own.querySelector("time")?.dateTime || "" : root.dataset.generated || "";
	const interval = Number((own || root).dataset.interval) || 600;
	for (const time of document.querySelectorAll(".mirrors td > time"))
		if (moment(time) <= Date.now())
			time.after(make("small", {className: "ago"}, ageOf(moment(time))));
	const when = Date.parse(generated);
	if (!when) return;
	const age = document.getElementById("age");
	if (age) age.textContent = `Written ${ageOf(when)}.`;
	if (own) own.append(`, ${ageOf(when)}`);
	if (Date.now() - when > Math.max(3 * interval, 1800) * 1000) {
		const banner = make("div", {className: "banner", id: "aged"});
		banner.setAttribute("role", "status");
		banner.append(make("strong", {}, "This page is old."), ` It was written ${ageOf(when)}; the monitor may be down, and what it says no longer true.`);
		document.querySelector("main").prepend(banner);
	}
}

/* --- tables --- */
/* What is read in a cell, without flags and small print. */
function words(node) {
	if (node.nodeType === 3) return node.data;
	return /^(I|SMALL|svg)$/.test(node.nodeName) ? "" : [...node.childNodes].map(words).join("");
}

const states = ["ok", "old", "removed", "disabled"];

/* A cell as a number or a text; null: nothing is known. */
function value(cell) {
	const time = cell.querySelector(":scope > time"), state = states.indexOf(cell.className);
	if (time) return moment(time);
	if (state >= 0) return state;
	const text = words(cell).trim();
	if (!text || text === "–" || text === "no data") return null;
	return /^[\d.]+( (%|ms|of .*))?$/.test(text) && !/\..*\./.test(text) ? parseFloat(text) : text;
}

function compare(a, b) {
	return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
}

/* What is moved and hidden as one: a mirror with all its addresses, or a row. */
function unitsOf(table) {
	return [...(table.matches(".mirrors") ? table.tBodies : table.tBodies[0].rows)];
}

/* A unit's value in a column; of several addresses the one that comes first in this order. */
function key(unit, column, sign) {
	const rows = unit.rows ? [...unit.rows] : [unit];
	const cells = rows.map((row, i) => row.cells[column - (i ? rows[0].cells.length - row.cells.length : 0)]);
	const known = cells.filter(Boolean).map(value).filter((one) => one !== null);
	return known.sort((a, b) => sign * compare(a, b))[0] ?? null;
}

function sort(table, column, descending) {
	const sign = descending ? -1 : 1;
	const keyed = unitsOf(table).map((unit) => [key(unit, column, sign), unit]);
	keyed.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b));
	const parent = table.matches(".mirrors") ? table : table.tBodies[0];
	parent.append(...keyed.map(([, unit]) => unit));
	[...table.tHead.rows[0].cells].forEach((cell, i) => {
		if (i === column) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
		else cell.removeAttribute("aria-sort");
	});
}

function sortStart(table) {
	[...table.tHead.rows[0].cells].forEach((cell, i) => {
		const button = make("button", {type: "button"}, cell.textContent);
		button.addEventListener("click", () => sort(table, i, cell.getAttribute("aria-sort") === "ascending"));
		cell.replaceChildren(button);
	});
}

function labelled(text, control, name) {
	const label = make("label", {className: name || ""}, text);
	label.append(control);
	return label;
}

function select(options) {
	const one = make("select");
	one.append(...options.map(([text, choice]) => make("option", {value: choice}, text)));
	return one;
}

function filterStart(table) {
	const tools = make("div", {className: "tools"}), output = make("output");
	const search = make("input", {type: "search", autocomplete: "off", spellcheck: false});
	const state = select([["all", ""], ...states.map((one) => [one, one])]);
	const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
	const order = select([["as listed", ""], ...names.flatMap((name, i) => [[name, `${i}`], [`${name}, descending`, `${i}-`]])]);
	const units = unitsOf(table);
	const texts = units.map((unit) => unit.textContent.toLowerCase());
	const has = table.querySelector(states.map((one) => `td.${one}`).join());
	const filter = () => {
		const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0;
		units.forEach((unit, i) => {
			const fits = wanted.every((word) => texts[i].includes(word)) && (!state.value || unit.querySelector(`td.${state.value}`));
			unit.hidden = !fits;
			shown += fits ? 1 : 0;
		});
		output.textContent = shown === units.length ? `${shown} shown` : `${shown} of ${units.length} shown`;
	};
	tools.append(labelled("Filter", search));
	if (has) tools.append(labelled("State", state));
	if (table.matches(".mirrors")) tools.append(labelled("Sort by", order, "narrow"));
	tools.append(output);
	search.addEventListener("input", filter);
	state.addEventListener("change", filter);
	order.addEventListener("change", () => {
		if (order.value) sort(table, parseInt(order.value, 10), order.value.endsWith("-"));
		else units.forEach((unit) => table.append(unit));
	});
	table.before(tools);
	filter();
}

/* Where flags are not drawn as one sign, letters beside the name are no help. */
function flagsStart() {
	const box = document.body.appendChild(make("i", {ariaHidden: "true"}, "\u{1F1E9}\u{1F1EA}"));
	const one = box.getBoundingClientRect().width;
	box.textContent = "\u{1F1E9}\u200C\u{1F1EA}";
	if (box.getBoundingClientRect().width <= one * 1.05) root.classList.add("plain");
	box.remove();
}

addEventListener("DOMContentLoaded", () => {
	themeStart();
	flagsStart();
	for (const table of document.querySelectorAll("table.sort")) {
		filterStart(table);
		sortStart(table);
	}
	agesStart();
});
})();
