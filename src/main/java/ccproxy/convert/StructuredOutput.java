package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `response_format`: by the model's own constrained answers where it has them, else by a tool that
/// it must call and whose input is the answer, else by asking for it.
final class StructuredOutput {
    private static final String TOOL = "structured_output";
    private static final String ASK =
            "Answer with one JSON value only: no other text and no code fence around it.";

    private final ModelRules rules;
    private final Warnings warnings;
    private ObjectNode format = Json.object();
    private String answerTool = "";
    private boolean isWrapped;
    private boolean isJson;
    private String instruction = "";

    StructuredOutput(ModelRules rules, Warnings warnings) {
        this.rules = rules;
        this.warnings = warnings;
    }

    /// Reads `response_format`; may add a tool of ours to `tools`.
    void read(Field request, ChatTools tools, boolean isThinking) {
        Field wanted = request.get("response_format");
        if (!wanted.isPresent()) return;
        wanted.object();
        Field type = wanted.get("type");
        switch (type.text()) {
            case "text" -> {}
            case "json_object" -> {
                isJson = true;
                instruction = ASK.replace("value", "object");
            }
            case "json_schema" -> schema(wanted.get("json_schema"), tools, isThinking);
            default -> throw type.expectedOneOf("text, json_object, json_schema");
        }
    }

    private void schema(Field wanted, ChatTools tools, boolean isThinking) {
        wanted.object();
        ObjectNode schema = wanted.get("schema").object();
        String description = wanted.get("description").text("");
        if (rules.hasStructuredOutputs()) {
            format = Json.object().put("type", "json_schema");
            format.set("schema", Schemas.ofAnswer(schema));
        } else if (rules.hasForcedTools() && !isThinking) {
            force(schema, description, tools);
        } else {
            isJson = true;
            instruction = ASK + " It must follow this JSON schema:\n" + Json.text(schema);
            warnings.note("response_format", "asked_for");
        }
    }

    private void force(ObjectNode schema, String description, ChatTools tools) {
        answerTool = TOOL;
        while (tools.has(answerTool)) answerTool += "_";
        isWrapped = !schema.path("type").asString("object").equals("object");
        ObjectNode tool = Json.object().put("name", answerTool);
        tool.put(
                "description",
                description.isEmpty() ? "Gives the answer to the user." : description);
        tool.set("input_schema", isWrapped ? wrapped(schema) : Schemas.ofTool(schema));
        tools.force(tool);
    }

    /// A tool's input is an object; an answer of another type travels in its `value`.
    private static ObjectNode wrapped(ObjectNode schema) {
        ObjectNode outer = Json.object().put("type", "object");
        outer.putObject("properties").set("value", schema);
        outer.putArray("required").add("value");
        return outer;
    }

    /// Writes `output_config.format`, and what the model has to be asked for to the system text.
    void write(ObjectNode body, ArrayNode system) {
        if (!format.isEmpty()) {
            ObjectNode config = Json.objectOrEmpty(body.path("output_config")).deepCopy();
            config.set("format", format);
            body.set("output_config", config);
        }
        if (!instruction.isEmpty()) system.add(ChatContent.text(instruction));
    }

    /// {@return the name of the tool whose input is the answer, or `""`}
    String answerTool() {
        return answerTool;
    }

    /// {@return whether that input holds the answer in `value`}
    boolean isWrapped() {
        return isWrapped;
    }

    /// {@return whether the answer is text that must be bare JSON}
    boolean isJson() {
        return isJson;
    }
}
