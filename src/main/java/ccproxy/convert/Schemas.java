package ccproxy.convert;

import ccproxy.wire.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// JSON schemas as the Messages API takes them (`docs/en/build-with-claude/structured-outputs`).
final class Schemas {
    /// Bounds that constrained answers do not know; they move to the description, which the model
    /// reads.
    private static final Set<String> BOUNDS =
            Set.of(
                    "minimum",
                    "maximum",
                    "exclusiveMinimum",
                    "exclusiveMaximum",
                    "multipleOf",
                    "minLength",
                    "maxLength",
                    "minItems",
                    "maxItems",
                    "uniqueItems",
                    "minProperties",
                    "maxProperties",
                    "minContains",
                    "maxContains");

    private static final List<String> MAPS =
            List.of("properties", "$defs", "definitions", "patternProperties");
    private static final List<String> LISTS = List.of("anyOf", "allOf", "oneOf", "prefixItems");

    private Schemas() {}

    /// {@return a tool's schema: whole, with the `type` and `properties` that the API wants}
    static ObjectNode ofTool(JsonNode parameters) {
        ObjectNode schema = Json.objectOrEmpty(parameters).deepCopy();
        if (!schema.has("type")) schema.put("type", "object");
        if (schema.path("type").asString("").equals("object") && !schema.has("properties")) {
            schema.putObject("properties");
        }
        return schema;
    }

    /// {@return whether a tool with this schema may be `strict`: every object is closed}
    static boolean isStrict(JsonNode schema) {
        if (schema instanceof ArrayNode list) {
            for (JsonNode item : list) if (!isStrict(item)) return false;
            return true;
        }
        if (!(schema instanceof ObjectNode)) return true;
        if (isObjectSchema(schema) && schema.path("additionalProperties").asBoolean(true))
            return false;
        for (var field : schema.properties()) {
            if (BOUNDS.contains(field.getKey()) || !isStrict(field.getValue())) return false;
        }
        return true;
    }

    /// {@return the schema for a constrained answer: every object closed, bounds told in words}
    static ObjectNode ofAnswer(ObjectNode schema) {
        ObjectNode made = Json.object();
        var told = new ArrayList<String>();
        for (var field : schema.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            if (BOUNDS.contains(name)) told.add(name + ": " + Json.text(value));
            else if (MAPS.contains(name) && value.isObject()) made.set(name, mapOf(value));
            else if (LISTS.contains(name) && value.isArray())
                made.set(name.equals("oneOf") ? "anyOf" : name, listOf(value));
            else if (name.equals("items") && value instanceof ObjectNode items)
                made.set(name, ofAnswer(items));
            else made.set(name, value);
        }
        if (isObjectSchema(made)) made.put("additionalProperties", false);
        if (!told.isEmpty()) {
            String before = made.path("description").asString("");
            String bounds = "(" + String.join(", ", told) + ")";
            made.put("description", before.isEmpty() ? bounds : before + " " + bounds);
        }
        return made;
    }

    private static ObjectNode mapOf(JsonNode map) {
        ObjectNode made = Json.object();
        for (var field : map.properties()) made.set(field.getKey(), ofAny(field.getValue()));
        return made;
    }

    private static ArrayNode listOf(JsonNode list) {
        ArrayNode made = Json.array();
        for (JsonNode item : list) made.add(ofAny(item));
        return made;
    }

    private static JsonNode ofAny(JsonNode schema) {
        return schema instanceof ObjectNode object ? ofAnswer(object) : schema;
    }

    private static boolean isObjectSchema(JsonNode schema) {
        JsonNode type = schema.path("type");
        return isObjectType(type) || (type.isMissingNode() && schema.path("properties").isObject());
    }

    /// {@return whether a schema's `type` is an object, or may be one}
    static boolean isObjectType(JsonNode type) {
        if (type.isArray()) {
            for (JsonNode one : type) if (one.asString("").equals("object")) return true;
        }
        return type.asString("").equals("object");
    }
}
