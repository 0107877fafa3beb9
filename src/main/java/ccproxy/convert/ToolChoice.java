package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import java.util.HashSet;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/// Which of the tools the model may, must or must not call: `tool_choice`, or nothing.
final class ToolChoice {
    private static final String SINGLE = "disable_parallel_tool_use";

    /// By the client's names; `allowed_tools` takes some away.
    private final Map<String, ObjectNode> tools;

    private final ToolNames names;
    private ObjectNode choice = Json.object();

    ToolChoice(Map<String, ObjectNode> tools, ToolNames names) {
        this.tools = tools;
        this.names = names;
    }

    /// Reads the field that says it.
    ///
    /// @param isLegacy whether it is `function_call`, where a tool is named without a type
    void read(Field wanted, boolean isLegacy) {
        if (!wanted.isPresent()) return;
        if (wanted.value().isString()) {
            switch (wanted.text()) {
                case "none" -> choice = type("none");
                case "auto" -> choice = type("auto");
                case "required", "any" -> choice = type("any");
                default -> throw wanted.expectedOneOf("none, auto, required");
            }
        } else {
            named(wanted, isLegacy);
        }
        if (tools.isEmpty()) {
            if (isForced()) throw wanted.invalid("expected tools to choose from, found none");
            choice = Json.object();
        }
    }

    private void named(Field wanted, boolean isLegacy) {
        wanted.object();
        String type = wanted.get("type").text(isLegacy ? "legacy" : "");
        switch (type) {
            case "function" -> tool(wanted.get("function").get("name"));
            case "custom" -> tool(wanted.get("custom").get("name"));
            case "allowed_tools" -> allow(wanted.get("allowed_tools"));
            case "legacy", "tool" -> tool(wanted.get("name"));
            case "auto", "any", "none" -> choice = type(type);
            default -> throw wanted.get("type").expectedOneOf("function, custom, allowed_tools");
        }
    }

    private void tool(Field name) {
        if (!tools.containsKey(name.text())) {
            throw name.expectedValue("the name of one of the tools");
        }
        choice = type("tool").put("name", names.toUpstream(name.text()));
    }

    private void allow(Field allowed) {
        allowed.object();
        var kept = new HashSet<String>();
        for (Field tool : allowed.get("tools").elements()) {
            Field name = tool.get(tool.get("type").text("function")).get("name");
            if (!tools.containsKey(name.text())) {
                throw name.expectedValue("the name of one of the tools");
            }
            kept.add(name.text());
        }
        tools.keySet().retainAll(kept);
        Field mode = allowed.get("mode");
        choice =
                switch (mode.text("auto")) {
                    case "auto" -> type("auto");
                    case "required" -> type("any");
                    default -> throw mode.expectedOneOf("auto, required");
                };
    }

    /// Makes each answer call one tool at most.
    void noParallelCalls() {
        if (tools.isEmpty()) return;
        if (choice.isEmpty()) choice = type("auto");
        if (!isNone()) choice.put(SINGLE, true);
    }

    private static ObjectNode type(String type) {
        return Json.object().put("type", type);
    }

    /// {@return whether a call is forced}
    boolean isForced() {
        return is("any") || is("tool");
    }

    /// {@return whether no call is allowed}
    boolean isNone() {
        return is("none");
    }

    private boolean is(String type) {
        return choice.path("type").asString("").equals(type);
    }

    /// Allows no call.
    void none() {
        choice = type("none");
    }

    /// Makes the model call the tool `name` or, if it may, another one; a choice of the client's
    /// that already forces one tool stays.
    void force(String name, boolean mayCallOthers) {
        if (mayCallOthers && is("tool")) return;
        boolean isSingle = isSingle();
        choice = mayCallOthers ? type("any") : type("tool").put("name", name);
        if (isSingle) choice.put(SINGLE, true);
    }

    private boolean isSingle() {
        return choice.path(SINGLE).asBoolean(false);
    }

    /// Lets the model decide after all.
    ///
    /// @return what to tell it instead
    String relaxed() {
        String name = choice.path("name").asString("");
        boolean isSingle = isSingle();
        choice = type("auto");
        if (isSingle) choice.put(SINGLE, true);
        return name.isEmpty()
                ? "Answer by calling one of the tools."
                : "Answer by calling the tool `" + name + "`.";
    }

    /// Writes `tool_choice`, if there is one.
    void write(ObjectNode body) {
        if (!choice.isEmpty()) body.set("tool_choice", choice);
    }
}
