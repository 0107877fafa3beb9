package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import java.util.LinkedHashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The calls in assistant messages, `tool_calls` or the older `function_call`, as `tool_use`
/// blocks.
final class ChatCalls {
    private final Warnings warnings;
    private final ToolNames names;
    private final Set<String> tools = new LinkedHashSet<>();

    ChatCalls(Warnings warnings, ToolNames names) {
        this.warnings = warnings;
        this.names = names;
    }

    /// {@return the calls of a message}
    ///
    /// @param index the message's place, from which a call without an id gets one: it is the same
    ///   on every later turn
    /// @param turn told which results to expect
    ArrayNode read(Field message, int index, UserTurn turn) {
        ArrayNode calls = Json.array();
        Field list = message.get("tool_calls");
        if (list.isPresent()) {
            for (Field call : list.elements()) calls.add(call(call, turn));
        }
        Field function = message.get("function_call");
        if (function.isPresent()) {
            function.object();
            calls.add(call(function, "function_call_" + index, input(function), turn));
        }
        return calls;
    }

    private ObjectNode call(Field call, UserTurn turn) {
        call.object();
        String id = ToolNames.id(call.get("id").text());
        Field custom = call.get("custom");
        if (custom.isPresent()) {
            custom.object();
            String text = custom.get("input").text();
            return call(custom, id, Json.object().put(ChatTools.CUSTOM_INPUT, text), turn);
        }
        Field function = call.get("function");
        function.object();
        return call(function, id, input(function), turn);
    }

    private ObjectNode call(Field named, String id, ObjectNode input, UserTurn turn) {
        String name = named.get("name").nonEmptyText();
        turn.expect(id, name);
        tools.add(name);
        ObjectNode block = Json.object().put("type", "tool_use").put("id", id);
        block.put("name", names.toUpstream(name)).set("input", input);
        return block;
    }

    /// The API wants an object; what is none is kept inside one.
    private ObjectNode input(Field function) {
        Field arguments = function.get("arguments");
        if (arguments.value() instanceof ObjectNode object) return object;
        String text = arguments.text("");
        if (text.isBlank()) return Json.object();
        try {
            JsonNode input = Json.tree(text);
            if (input instanceof ObjectNode object) return object;
            warnings.note(arguments.path(), "wrapped");
            ObjectNode wrapped = Json.object();
            wrapped.set("value", input);
            return wrapped;
        } catch (IllegalArgumentException _) {
            warnings.note(arguments.path(), "not_json");
            return Json.object().put("_raw", text);
        }
    }

    /// {@return the client's names of all tools that were called}
    Set<String> tools() {
        return tools;
    }
}
