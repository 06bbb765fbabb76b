// Writes the page about everything that the package exports, from the types in `dist`: `node reference.mjs FILE`.
// An export that says nothing of itself, and a link that leads nowhere, is an error.
import { readFileSync, writeFileSync } from "node:fs";

const CHAPTERS = [
  ["Tasks", ["task", "operation", "signal"]],
  ["Together", ["scope", "race"]],
  ["Between tasks", ["channel", "sync"]],
  ["Policies", ["policy"]],
  ["Actors and supervisors", ["actor", "supervisor"]],
  ["Workers", ["pool", "expose", "line", "methods"]],
  ["Time", ["time", "runtime"]],
  ["Tests", ["simulate", "inspect"]],
  ["Errors", ["errors"]],
];

const types = (module) => readFileSync(`dist/${module}.d.ts`, "utf8");
const fail = (why) => { throw new Error(why); };

/** What each module exports, functions and classes before types. */
const modules = new Map();
for (const [, names, module] of types("index").matchAll(/export (?:type )?\{([^}]*)\} from "\.\/(\w+)\.js"/g)) {
  const all = names.split(",").map((name) => name.trim()).filter(Boolean);
  const [values, others] = [all.filter((name) => !name.startsWith("type ")), all.filter((name) => name.startsWith("type "))];
  modules.set(module, [...values, ...others].map((name) => name.replace("type ", "")));
}
const known = new Set([...modules.values()].flat());
const forgotten = [...modules.keys()].filter((module) => !CHAPTERS.some(([, parts]) => parts.includes(module)));
if (forgotten.length > 0) fail(`no chapter has ${forgotten}`);

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const linked = (name, text = name) => (known.has(name) ? `<a href="#${name}">${text}</a>` : text);

/** Code in which the names of exports lead to them, unless `own` is declared there. */
const code = (text, own) => escaped(text).replace(/(?<![.\w"])[A-Z]\w*/g, (name) => (name === own ? name : linked(name)));

const inline = (text) => escaped(text)
  .replace(/\{@link (\w+)\}/g, (_, name) => (known.has(name) ? linked(name, `<code>${name}</code>`)
    : name === "call" ? "<code>call</code>" : fail(`{@link ${name}} leads nowhere`)))
  .replace(/`([^`]+)`/g, (_, text) => `<code>${text}</code>`);

/** A comment as HTML. */
function prose(comment) {
  const lines = comment.replace(/^\s*\/\*\*|\*\/\s*$/g, "").split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
  const [text, ...tags] = lines.join("\n").split(/^@/m);
  const parts = text.trim().split(/\n\s*\n/).map((part) => `<p>${inline(part.trim())}</p>`);
  for (const tag of tags) {
    const [, kind, rest] = /^(\w+)\s*([^]*)$/.exec(tag);
    if (kind === "example") parts.push(`<pre><code>${escaped(rest.trim())}</code></pre>`);
    else if (kind === "throws") parts.push(`<p>Throws ${inline(rest.trim().replace(/^\{(\w+)\}/, "{@link $1}"))}</p>`);
    else fail(`nobody knows @${kind}`);
  }
  return parts.join("\n");
}

const COMMENT = String.raw`(/\*\*(?:(?!\*/)[^])*\*/)`;

/** What an export is, and what it has. */
function entry(name, module) {
  const declared = new RegExp(
    String.raw`${COMMENT}\nexport (?:declare )?(?:abstract )?(class|interface|type|function) ${name}\b([^]*?(?:;|\n\}))(?=\n(?:/\*\*|export|declare|import)|\n?$)`,
  ).exec(types(module)) ?? fail(`${name} says nothing of itself in ${module}.d.ts`);
  const [, comment, kind, rest] = declared;
  const hasMembers = kind === "class" || kind === "interface";
  const head = `${kind} ${name}${hasMembers ? rest.split("\n")[0].replace(/ ?\{.*$/, "") : rest}`;
  let members = "";
  if (hasMembers) {
    const member = new RegExp(String.raw`(?:    ${COMMENT}\n)?    ((?:get |set |readonly |static |abstract )*(?:\w+|\[Symbol\.\w+\])\??[(:<][^]*?;)(?=\n    \S|\n\}|$)`, "g");
    for (const [, comment, text] of rest.matchAll(member)) {
      // Who reads `get` sees that it may be set, too.
      if (text.startsWith("set ") || text === "name: string;") continue;
      members += `<dt><code>${code(text.replace(/\n {4}/g, "\n"))}</code></dt><dd>${comment ? prose(comment) : ""}</dd>\n`;
    }
  }
  return `<article id="${name}">
<h3>${name}</h3>
<pre class="head"><code>${code(head, name)}</code></pre>
${prose(comment)}
${members && `<dl class="members">\n${members}</dl>`}</article>`;
}

const anchor = (title) => `chapter-${title.toLowerCase().replaceAll(" ", "-")}`;
const contents = CHAPTERS.map(([title, parts]) => {
  const names = parts.flatMap((part) => modules.get(part)).map((name) => `<a href="#${name}"><code>${name}</code></a>`);
  return `<dt><a href="#${anchor(title)}">${title}</a></dt><dd>${names.join(" ")}</dd>`;
});
const chapters = CHAPTERS.map(([title, parts]) => `<section aria-labelledby="${anchor(title)}">
<h2 id="${anchor(title)}">${title}</h2>
${parts.flatMap((part) => modules.get(part).map((name) => entry(name, part))).join("\n")}
</section>`);

writeFileSync(process.argv[2], `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="description" content="Everything that the npm package creel exports">
  <title>creel for JavaScript and TypeScript</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="style.css">
</head>
<body class="reference">
  <header>
    <h1><a href="index.html">creel</a></h1>
    <p>Everything that the npm package exports. Whatever answers an <a href="#Operation">Operation</a> is waited for by
      <code>yield*</code> in a generator, and by <code>await</code> in an <code>async</code> function, whose task has
      <a href="#TaskContext">wait</a> for what is to be stopped with it.</p>
    <nav aria-label="The site"><a href="index.html">Back to the page</a><a href="api/creel/guide/index.html">Guide</a><a href="api/creel/index.html">Rust API</a></nav>
  </header>
  <main>
    <section aria-labelledby="contents"><h2 id="contents">Contents</h2>
    <dl class="contents">${contents.join("\n")}</dl></section>
    ${chapters.join("\n")}
  </main>
</body>
</html>
`);
