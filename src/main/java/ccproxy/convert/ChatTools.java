package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The tools of a Chat Completions request, and which of them the model may, must or must not call.
final class ChatTools {
    /// The one parameter of a custom tool, whose input is free text.
    static final String CUSTOM_INPUT = "input";

    private final ModelRules rules;
    private final Warnings warnings;
    private final ToolNames names;
    private final Map<String, ObjectNode> tools = new LinkedHashMap<>();
    private final Set<String> custom = new HashSet<>();
    private final SchemaMerger merger = new SchemaMerger();
    private boolean isLegacy;
    private final ToolChoice choice;

    ChatTools(ModelRules rules, Warnings warnings, ToolNames names) {
        this.rules = rules;
        this.warnings = warnings;
        this.names = names;
        this.choice = new ToolChoice(tools, names);
    }

    /// Reads `tools`, `functions`, `web_search_options` and the choice among them.
    void read(Field request) {
        Field list = request.get("tools");
        if (list.isPresent()) list.elements().forEach(this::tool);
        Field functions = request.get("functions");
        if (functions.isPresent()) {
            isLegacy = true;
            functions.elements().forEach(this::function);
        }
        Field search = request.get("web_search_options");
        if (search.isPresent()) webSearch(search);
        choice.read(isLegacy ? request.get("function_call") : request.get("tool_choice"), isLegacy);
        boolean isParallel = request.get("parallel_tool_calls").flag(true);
        // A legacy answer has room for one call.
        if (!isParallel || isLegacy) choice.noParallelCalls();
    }

    private void tool(Field tool) {
        tool.object();
        String type = tool.get("type").text("");
        switch (type) {
            case "function" -> function(tool.get("function"), tool);
            case "custom" -> {
                if (tool.get("custom").isPresent()) custom(tool.get("custom"));
                // As the Responses API has it, and Cursor sends it here.
                else if (!tool.get("input_schema").isPresent()) custom(tool);
                else put(tool.get("name").nonEmptyText(), tool.object().deepCopy());
            }
            // Anthropic's own shapes, as clients send them that know whom they talk to: whole.
            case "" -> {
                if (!tool.get("input_schema").isPresent())
                    throw tool.get("type").expected("a tool type");
                put(tool.get("name").nonEmptyText(), tool.object().deepCopy());
            }
            default -> put(typedName(tool, type), tool.object().deepCopy());
        }
    }

    /// What a typed tool is told apart by: its name, or its server where it has none.
    private static String typedName(Field tool, String type) {
        Field server = tool.get("mcp_server_name");
        return server.isPresent()
                ? type + ":" + server.nonEmptyText()
                : tool.get("name").nonEmptyText();
    }

    private void function(Field function) {
        function(function, function);
    }

    private void function(Field function, Field tool) {
        function.object();
        ObjectNode made = named(function);
        var merged = merger.merge(Schemas.ofTool(parameters(function)));
        if (!merged.isExact()) warnings.add(function.get("parameters").path(), "merged");
        ObjectNode schema = merged.schema();
        made.set("input_schema", schema);
        if (function.get("strict").flag(false)) {
            if (rules.hasStructuredOutputs() && Schemas.isStrict(schema)) made.put("strict", true);
            else warnings.add(function.get("strict").path(), "dropped");
        }
        for (String extension :
                new String[] {
                    "cache_control", "eager_input_streaming", "defer_loading", "input_examples"
                }) {
            JsonNode value = tool.value().path(extension);
            if (value.isMissingNode()) value = function.value().path(extension);
            if (!value.isMissingNode()) made.set(extension, value);
        }
        put(function.get("name").text(), made);
    }

    private static JsonNode parameters(Field function) {
        Field parameters = function.get("parameters");
        return parameters.isPresent() ? parameters.object() : Json.object();
    }

    private void custom(Field tool) {
        ObjectNode made = named(tool);
        Field format = tool.get("format");
        Field grammar =
                format.get("type").value().asString("").equals("grammar")
                                && !format.get("grammar").isPresent()
                        ? format
                        : format.get("grammar");
        if (grammar.isPresent()) {
            String told =
                    "The input must follow this "
                            + grammar.get("syntax").text("")
                            + " grammar:\n"
                            + grammar.get("definition").text("");
            String before = made.path("description").asString("");
            made.put("description", before.isEmpty() ? told : before + "\n\n" + told);
        }
        ObjectNode schema = Json.object().put("type", "object");
        schema.putObject("properties").putObject(CUSTOM_INPUT).put("type", "string");
        schema.putArray("required").add(CUSTOM_INPUT);
        made.set("input_schema", schema);
        String name = tool.get("name").text();
        custom.add(name);
        put(name, made);
    }

    private ObjectNode named(Field tool) {
        tool.object();
        String name = tool.get("name").nonEmptyText();
        ObjectNode made = Json.object().put("name", names.toUpstream(name));
        String description = tool.get("description").text("");
        if (!description.isEmpty()) made.put("description", description);
        return made;
    }

    private void webSearch(Field options) {
        options.object();
        if (rules.webSearchTool().isEmpty()) {
            warnings.add("web_search_options", "dropped");
            return;
        }
        ObjectNode made =
                Json.object().put("type", rules.webSearchTool()).put("name", "web_search");
        Field size = options.get("search_context_size");
        made.put(
                "max_uses",
                switch (size.text("medium")) {
                    case "low" -> 2;
                    case "medium" -> 5;
                    case "high" -> 10;
                    default -> throw size.expectedOneOf("low, medium, high");
                });
        Field location = options.get("user_location");
        if (location.isPresent()) {
            ObjectNode place = made.putObject("user_location").put("type", "approximate");
            place.setAll(location.get("approximate").object());
        }
        put("web_search", made);
    }

    private void put(String name, ObjectNode tool) {
        // The API refuses two tools of one name.
        if (tools.putIfAbsent(name, tool) != null) warnings.add("tools", "duplicate(" + name + ")");
    }

    /// Defines the tools that the history calls when the request defines none: the API wants them.
    void rebuild(Set<String> calledTools) {
        if (!tools.isEmpty() || calledTools.isEmpty()) return;
        for (String name : calledTools) {
            ObjectNode tool = Json.object().put("name", names.toUpstream(name));
            tool.set("input_schema", Schemas.ofTool(Json.object()));
            put(name, tool);
        }
        choice.none();
    }

    /// Adds a tool of ours and makes the model call it or, if the client has tools that may be
    /// called, one of those.
    void force(ObjectNode tool) {
        boolean mayCallOthers = !tools.isEmpty() && !choice.isNone();
        String name = tool.path("name").asString("");
        put(name, tool);
        choice.force(name, mayCallOthers);
    }

    /// {@return which of the tools may or must be called}
    ToolChoice choice() {
        return choice;
    }

    /// {@return whether there is none}
    boolean isEmpty() {
        return tools.isEmpty();
    }

    /// {@return whether the client's tool `name` exists}
    boolean has(String name) {
        return tools.containsKey(name);
    }

    /// {@return the client's names of its custom tools}
    Set<String> custom() {
        return Set.copyOf(custom);
    }

    /// {@return whether the client speaks of functions, not of tools}
    boolean isLegacy() {
        return isLegacy;
    }

    /// Writes `tools` and `tool_choice`.
    void write(ObjectNode body) {
        if (tools.isEmpty()) return;
        ArrayNode list = body.putArray("tools");
        list.addAll(tools.values());
        choice.write(body);
    }
}
