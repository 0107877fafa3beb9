package ccproxy.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/// A settings file: one JSON object, with `//` and `/* */` comments and trailing commas allowed,
/// read flat: `{"api": {"key": "a"}}` and `{"api.key": "a"}` are the same.
public final class JsonFile {
    /// What else than a plain value may stand for a key.
    public enum Shape {
        /// An object of strings.
        STRINGS,
        /// An object of objects of numbers.
        TABLE,
        /// An object whose values may be objects and lists again; its names are whole.
        TREE,
        /// An array of strings.
        LIST
    }

    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
                    .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build();

    private final JsonParser parser;
    private final Map<String, Shape> shapes;
    private final Map<String, Object> values = new LinkedHashMap<>();

    private JsonFile(JsonParser parser, Map<String, Shape> shapes) {
        this.parser = parser;
        this.shapes = shapes;
    }

    /// {@return dotted key → `String`, `Boolean`, `Number`, or for a key in `shapes` that holds an
    /// object or an array, its `Map` or `List`; all in the file's order}
    ///
    /// @param shapes the keys for which more than a plain value is expected
    /// @throws IllegalArgumentException if `text` is not such an object, has a key twice, a null or
    ///   what is not expected for it; the message starts with `line L, column C: `
    public static Map<String, Object> read(String text, Map<String, Shape> shapes) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            return new JsonFile(parser, shapes).read();
        } catch (JacksonException e) {
            String what = e.getOriginalMessage().lines().findFirst().orElse("not JSON");
            // It quotes what it found, which may be a key whose quotes were forgotten.
            what = what.replaceFirst("'[^']{2,}':", "'…':");
            // What begins the part that has no end is not where the fault is.
            what = what.replaceFirst(" \\(start marker at .*", "");
            var place = e.getLocation() == null ? TokenStreamLocation.NA : e.getLocation();
            throw new IllegalArgumentException(at(place) + what, e);
        }
    }

    private Map<String, Object> read() {
        if (parser.nextToken() != JsonToken.START_OBJECT) throw wrong("expected an object");
        object("");
        if (parser.nextToken() != null) throw wrong("expected nothing after the object");
        return values;
    }

    /// Reads the members of an object whose own key is `prefix` without its last dot.
    private void object(String prefix) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = prefix + parser.currentName();
            TokenStreamLocation place = parser.currentTokenLocation();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT && !isMap(key)) {
                object(key + ".");
                continue;
            }
            if (values.containsKey(key)) {
                throw wrong(place, key + ": this key is there already");
            }
            values.put(key, shaped(key, token));
        }
    }

    private boolean isMap(String key) {
        return shapes.containsKey(key) && shapes.get(key) != Shape.LIST;
    }

    private Object shaped(String key, JsonToken token) {
        if (token == JsonToken.START_OBJECT && shapes.get(key) == Shape.TABLE) return table(key);
        if (token == JsonToken.START_OBJECT) return map(key, shapes.get(key));
        boolean isList = token == JsonToken.START_ARRAY && shapes.get(key) == Shape.LIST;
        return isList ? list(key) : value(key, token);
    }

    private Map<String, Map<String, Number>> table(String key) {
        var table = new LinkedHashMap<String, Map<String, Number>>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw wrong(key + ": expected an object for '" + name + "'");
            }
            if (table.putIfAbsent(name, numbers(key + ": '" + name + "'")) != null) {
                throw wrong(key + ": '" + name + "' is there already");
            }
        }
        return table;
    }

    private Map<String, Number> numbers(String where) {
        var numbers = new LinkedHashMap<String, Number>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
                throw wrong(where + ": expected a number for '" + name + "'");
            }
            if (numbers.putIfAbsent(name, parser.getNumberValue()) != null) {
                throw wrong(where + ": '" + name + "' is there already");
            }
        }
        return numbers;
    }

    private Map<String, Object> map(String key, Shape shape) {
        var map = new LinkedHashMap<String, Object>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING && shape == Shape.STRINGS) {
                throw wrong(key + ": expected a string for '" + name + "'");
            }
            if (map.putIfAbsent(name, branch(key, parser.currentToken())) != null) {
                throw wrong(key + ": '" + name + "' is there already");
            }
        }
        return map;
    }

    private Object branch(String key, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> map(key, Shape.TREE);
            case START_ARRAY -> list(key);
            default -> value(key, token);
        };
    }

    private List<String> list(String key) {
        var list = new ArrayList<String>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw wrong(key + ": expected strings in its list");
            }
            list.add(parser.getString());
        }
        return list;
    }

    private Object value(String key, JsonToken token) {
        return switch (token) {
            case VALUE_STRING -> parser.getString();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            default -> {
                String found = token == JsonToken.VALUE_NULL ? "null" : "an array";
                throw wrong(key + ": expected a string, a number, true or false, found " + found);
            }
        };
    }

    private IllegalArgumentException wrong(String message) {
        return wrong(parser.currentTokenLocation(), message);
    }

    private static IllegalArgumentException wrong(TokenStreamLocation place, String message) {
        return new IllegalArgumentException(at(place) + message);
    }

    private static String at(TokenStreamLocation place) {
        // The parser does not always know, and says so with numbers below one.
        int line = Math.max(1, place.getLineNr());
        int column = Math.max(1, place.getColumnNr());
        return "line " + line + ", column " + column + ": ";
    }
}
