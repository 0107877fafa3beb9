package ccproxy.wire;

import java.util.Set;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/// Tokens to trees and back. The library's mapper does the same by way of its machinery for beans:
/// 350 classes that a program without beans loads for nothing, a third of a second before its first
/// answer. Nesting is bounded by the factory's limits on both ways.
final class JsonTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonTree() {}

    /// {@return the one value that the tokens make; a missing one when there are none}
    ///
    /// @throws StreamReadException for anything after it, or a property that is given twice
    static JsonNode read(JsonParser tokens) {
        JsonToken first = tokens.nextToken();
        if (first == null) return MissingNode.getInstance();
        JsonNode tree = value(tokens, first);
        if (tokens.nextToken() != null) throw wrong(tokens, "Trailing token");
        return tree;
    }

    /// {@return the one object that the tokens make, without its member `skipped`, which is only
    /// looked over}
    ///
    /// @throws StreamReadException as [#read], and when it is no object
    static JsonNode readWithout(JsonParser tokens, String skipped) {
        if (tokens.nextToken() != JsonToken.START_OBJECT) throw wrong(tokens, "No object");
        JsonNode object = object(tokens, Set.of(skipped));
        if (tokens.nextToken() != null) throw wrong(tokens, "Trailing token");
        return object;
    }

    private static JsonNode value(JsonParser tokens, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> object(tokens, Set.of());
            case START_ARRAY -> array(tokens);
            case VALUE_STRING -> NODES.stringNode(tokens.getString());
            case VALUE_NUMBER_INT -> integer(tokens);
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(tokens.getDecimalValue());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            case VALUE_NULL -> NODES.nullNode();
            default -> throw wrong(tokens, "Unexpected token");
        };
    }

    private static StreamReadException wrong(JsonParser tokens, String problem) {
        return new StreamReadException(tokens, problem, tokens.currentTokenLocation());
    }

    private static ObjectNode object(JsonParser tokens, Set<String> skipped) {
        ObjectNode object = NODES.objectNode();
        for (String name = tokens.nextName(); name != null; name = tokens.nextName()) {
            JsonToken next = tokens.nextToken();
            if (object.has(name)) throw wrong(tokens, "Duplicate property");
            if (skipped.contains(name)) tokens.skipChildren();
            else object.set(name, value(tokens, next));
        }
        return object;
    }

    private static ArrayNode array(JsonParser tokens) {
        ArrayNode array = NODES.arrayNode();
        for (JsonToken next = tokens.nextToken();
                next != JsonToken.END_ARRAY;
                next = tokens.nextToken()) {
            array.add(value(tokens, next));
        }
        return array;
    }

    private static JsonNode integer(JsonParser tokens) {
        return switch (tokens.getNumberType()) {
            case INT -> NODES.numberNode(tokens.getIntValue());
            case LONG -> NODES.numberNode(tokens.getLongValue());
            default -> NODES.numberNode(tokens.getBigIntegerValue());
        };
    }

    /// Writes a tree.
    static void write(JsonNode node, JsonGenerator out) {
        switch (node.getNodeType()) {
            case OBJECT -> {
                out.writeStartObject(node);
                for (var property : node.properties()) {
                    out.writeName(property.getKey());
                    write(property.getValue(), out);
                }
                out.writeEndObject();
            }
            case ARRAY -> {
                out.writeStartArray(node);
                for (JsonNode element : node) write(element, out);
                out.writeEndArray();
            }
            case STRING -> out.writeString(node.stringValue());
            case NUMBER -> writeNumber(node, out);
            case BOOLEAN -> out.writeBoolean(node.booleanValue());
            case NULL, MISSING -> out.writeNull();
            case BINARY, POJO -> throw new IllegalArgumentException("no JSON: " + node.getClass());
        }
    }

    private static void writeNumber(JsonNode number, JsonGenerator out) {
        switch (number.numberType()) {
            case INT -> out.writeNumber(number.intValue());
            case LONG -> out.writeNumber(number.longValue());
            case BIG_INTEGER -> out.writeNumber(number.bigIntegerValue());
            case FLOAT, DOUBLE -> out.writeNumber(number.doubleValue());
            case BIG_DECIMAL -> out.writeNumber(number.decimalValue());
        }
    }
}
