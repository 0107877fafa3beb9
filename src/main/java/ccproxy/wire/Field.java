package ccproxy.wire;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// A place in a request: its path (`messages[2].content[0].type`) and what stands there. Reading it
/// as a type either works or says path, expectation and finding.
///
/// @param path how a client would write it
/// @param value a missing node when nothing stands there
public record Field(String path, JsonNode value) {
    /// {@return the root of a request body}
    public static Field root(ObjectNode body) {
        return new Field("", body);
    }

    /// {@return the place of a text that stood elsewhere than in a body}
    public static Field of(String path, String text) {
        return new Field(path, StringNode.valueOf(text));
    }

    /// {@return the member `name`, there or not}
    public Field get(String name) {
        return new Field(path.isEmpty() ? name : path + "." + name, value.path(name));
    }

    /// {@return whether something other than null stands here}
    public boolean isPresent() {
        return !value.isMissingNode() && !value.isNull();
    }

    /// {@return the text here}
    public String text() {
        if (value.isString()) return value.stringValue();
        throw expected("a string");
    }

    /// {@return the text here, not empty}
    public String nonEmptyText() {
        String text = text();
        if (text.isEmpty()) throw invalid("expected a non-empty string, found an empty one");
        return text;
    }

    /// {@return the text here, or `other` when nothing stands here}
    public String text(String other) {
        return isPresent() ? text() : other;
    }

    /// {@return the truth value here, or `other` when nothing stands here}
    public boolean flag(boolean other) {
        if (!isPresent()) return other;
        if (value.isBoolean()) return value.booleanValue();
        throw expected("true or false");
    }

    /// {@return the number here, in `min`..`max`}
    public int integer(int min, int max) {
        if (!value.isIntegralNumber()) throw expected("an integer");
        if (!value.canConvertToInt() || value.intValue() < min || value.intValue() > max) {
            throw invalid(
                    "expected an integer from " + min + " to " + max + ", found " + clipped());
        }
        return value.intValue();
    }

    /// {@return the number here}
    public double number() {
        if (!value.isNumber()) throw expected("a number");
        // Beyond what a double holds: no field of any API wants that much.
        if (Double.isInfinite(value.asDouble(Double.POSITIVE_INFINITY)))
            throw invalid("expected a number of common size, found " + clipped());
        return value.doubleValue();
    }

    /// {@return the number here, in `min`..`max`}
    public double number(int min, int max) {
        double number = number();
        if (number >= min && number <= max) return number;
        throw invalid("expected a number from " + min + " to " + max + ", found " + clipped());
    }

    /// {@return the object here}
    public ObjectNode object() {
        if (value instanceof ObjectNode object) return object;
        throw expected("an object");
    }

    /// {@return the array here}
    public ArrayNode array() {
        if (value instanceof ArrayNode array) return array;
        throw expected("an array");
    }

    /// {@return the elements of the array here}
    public List<Field> elements() {
        ArrayNode array = array();
        var elements = new ArrayList<Field>(array.size());
        for (int i = 0; i < array.size(); i++) {
            elements.add(new Field(path + "[" + i + "]", array.get(i)));
        }
        return elements;
    }

    /// {@return the names of the members of the object here, in their order}
    public List<String> names() {
        return List.copyOf(object().propertyNames());
    }

    /// {@return the error that says `expectation` was expected here}
    public ApiException expected(String expectation) {
        return invalid("expected " + expectation + ", found " + kind(value));
    }

    /// {@return the error that says one of `words` was expected here}
    public ApiException expectedOneOf(String words) {
        return expectedValue("one of " + words);
    }

    /// {@return the error that says `expectation` was expected here, and the value that was found}
    public ApiException expectedValue(String expectation) {
        return invalid("expected " + expectation + ", found " + clipped());
    }

    /// {@return an error about this place}
    public ApiException invalid(String problem) {
        String where = path.isEmpty() ? "body" : path;
        return new ApiException(ErrorKind.INVALID_REQUEST, where + ": " + problem).at(where);
    }

    /// {@return what kind of JSON value this is, with its article}
    static String kind(JsonNode value) {
        return switch (value.getNodeType()) {
            case ARRAY -> "an array";
            case OBJECT -> "an object";
            case STRING -> "a string";
            case NUMBER -> value.isIntegralNumber() ? "an integer" : "a number";
            case BOOLEAN -> "a boolean";
            case NULL -> "null";
            case MISSING -> "nothing";
            case BINARY, POJO -> "something else";
        };
    }

    /// The value as JSON, short enough for a message.
    private String clipped() {
        if (value.isMissingNode()) return "nothing";
        String text = Json.text(value);
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
