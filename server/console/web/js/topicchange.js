// Topics are made and deleted.
import { h, icon } from "./dom.js";
import { get, post, del, enc } from "./api.js";
import { dialog, field, select, toast } from "./ui.js";
import { bytes, plural } from "./format.js";

// createTopic asks for a topic and makes it; it resolves to its name, or undefined.
export async function createTopic() {
  const name = h("input", { type: "text", class: "mono", autofocus: true, spellcheck: "false", autocomplete: "off" });
  const partitions = h("input", { type: "number", min: 1, max: 10_000, placeholder: "default" });
  const cleanup = select([["", "Default"], ["delete", "Old messages go (delete)"], ["compact", "The last of each key stays (compact)"], ["compact,delete", "Both"]]);
  const configs = h("textarea", { rows: 3, class: "mono", placeholder: "retention.ms=86400000", spellcheck: "false" });
  const made = await dialog({
    title: "New topic", action: "Create", ready: () => name.value.trim() !== "",
    body: [field("Name", name, "Letters, digits, dots, underscores and dashes."), h("div.pair", field("Cleanup", cleanup), field("Partitions", partitions)),
      field("Configuration", configs, "name=value, one a line.")],
    submit: () => {
      const set = cleanup.value ? { "cleanup.policy": cleanup.value } : {};
      for (const line of configs.value.split("\n").map((l) => l.trim()).filter(Boolean)) {
        const i = line.indexOf("=");
        if (i < 1) throw new Error(`"${line}" is not name=value`);
        set[line.slice(0, i).trim()] = line.slice(i + 1).trim();
      }
      if (!partitions.validity.valid) throw new Error("a topic has from 1 to 10,000 partitions");
      return post("/api/topics", { name: name.value.trim(), partitions: Number(partitions.value) || 0, configs: set });
    },
  });
  if (made) toast(`${made.name} is made, of ${plural(made.partitions, "partition")}`);
  return made?.name;
}

// deleteTopic deletes a topic after its name was typed; it resolves to whether it did.
export async function deleteTopic(name) {
  const [t, groups] = await Promise.all([get(`/api/topics/${enc(name)}`), get("/api/groups", { topic: name, limit: 1 })]);
  const users = [...new Set([...t.readers, ...t.writers])];
  const typed = h("input", { type: "text", class: "mono", autofocus: true, spellcheck: "false", autocomplete: "off" });
  const gone = await dialog({
    title: `Delete ${name}?`, action: "Delete", danger: true, ready: () => !users.length && typed.value === name,
    body: users.length ? h("div.notice.bad", { role: "alert" }, icon("warn"), h("div", h("strong", `${plural(users.length, "query", "queries")} would fail without it.`),
      h("p", "Terminate first: ", users.slice(0, 20).map((q, i) => [i > 0 && ", ", h("a", { href: `#/queries/${enc(q)}`, onclick: (e) => e.target.closest("dialog").close() }, q)]))))
      : [h("p", t.records ? `${plural(t.records, "message")} (${bytes(t.bytes)}) and the configuration are gone for good` : "The topic is empty; its configuration is gone for good",
        groups.total > 0 && `, and the positions of ${plural(groups.total, "group")}`, ".",
        t.declared.length > 0 && ` ${t.declared.map((s) => s.name).join(", ")} stays declared, without a topic.`),
      field(`Type ${name} to confirm`, typed)],
    submit: () => del(`/api/topics/${enc(name)}`),
  });
  if (gone) toast(`${name} is deleted, with ${plural(gone.records, "message")}`);
  return Boolean(gone);
}
