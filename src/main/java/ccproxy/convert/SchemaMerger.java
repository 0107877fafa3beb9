package ccproxy.convert;

import ccproxy.wire.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes one plain object of a tool's schema that is put together of several on its top. The API
/// refuses those ("input_schema does not support oneOf, allOf, or anyOf at the top level"), and
/// with the one tool every request of a client that has it. `allOf` and `$ref` lose nothing by it;
/// of `anyOf` and `oneOf` the object has the properties of all forms, and says in its description
/// which of them go together.
final class SchemaMerger {
    /// Of all schemas of a request, counted each time one is read: many refer to the same, and what
    /// they refer to is repeated in each.
    static final int CHARACTERS_MAX = 1_000_000;

    /// Of what leads from one to the next; what leads back to itself ends here.
    private static final int DEPTH_MAX = 16;

    private static final String REFERENCE = "$ref";
    private static final List<String> UNIONS = List.of("allOf", "anyOf", "oneOf");

    private int characters;
    private ObjectNode root;
    private boolean isExact;
    private boolean isTooMuch;

    /// What became of a schema.
    ///
    /// @param schema without a union on its top, or as it came where it would be too much
    /// @param isExact whether it still says the same
    record Merged(ObjectNode schema, boolean isExact) {}

    /// {@return the schema as one object}
    Merged merge(ObjectNode schema) {
        if (isPlain(schema)) return new Merged(schema, true);
        root = schema;
        isExact = true;
        isTooMuch = false;
        ObjectNode made = merged(schema, 0);
        return isTooMuch ? new Merged(schema, true) : new Merged(made, isExact);
    }

    private static boolean isPlain(ObjectNode schema) {
        return !schema.has(REFERENCE) && UNIONS.stream().noneMatch(schema::has);
    }

    private ObjectNode merged(JsonNode schema, int depth) {
        ObjectNode whole = Json.objectOrEmpty(schema);
        isTooMuch |= depth == DEPTH_MAX;
        if (isTooMuch) return whole;
        characters += Json.text(whole).length();
        isTooMuch = characters > CHARACTERS_MAX;
        if (isTooMuch || isPlain(whole)) return whole;
        ObjectNode made = Json.object().setAll(whole);
        JsonNode target = target(whole.path(REFERENCE).asString(""));
        if (target.isObject()) {
            made.remove(REFERENCE);
            join(made, "allOf", List.of(merged(target, depth + 1)));
        }
        for (String union : UNIONS) {
            if (!(made.remove(union) instanceof ArrayNode list)) continue;
            var forms = new ArrayList<ObjectNode>();
            for (JsonNode one : list) {
                ObjectNode form = merged(one, depth + 1);
                if (mayBeObject(one, form)) forms.add(form);
            }
            if (forms.isEmpty()) isExact = false;
            else join(made, union, forms);
        }
        return made;
    }

    /// {@return what a reference within the schema leads to}
    private JsonNode target(String reference) {
        return reference.startsWith("#/") ? root.at(reference.substring(1)) : Json.array();
    }

    /// A tool's input is an object: what must be something else is no form of it.
    private static boolean mayBeObject(JsonNode form, ObjectNode merged) {
        if (form.isBoolean()) return form.booleanValue();
        JsonNode type = merged.path("type");
        return type.isMissingNode() || Schemas.isObjectType(type);
    }

    private void join(ObjectNode made, String union, List<ObjectNode> forms) {
        boolean isAll = union.equals("allOf") || forms.size() == 1;
        joinProperties(made, isAll ? "allOf" : "anyOf", forms);
        Set<String> required = required(forms.getFirst());
        for (ObjectNode form : forms) {
            if (isAll) required.addAll(required(form));
            else required.retainAll(required(form));
        }
        Set<String> all = required(made);
        all.addAll(required);
        if (!all.isEmpty()) {
            ArrayNode names = made.putArray("required");
            all.forEach(names::add);
        }
        if (isAll) {
            for (ObjectNode form : forms) {
                for (var field : form.properties())
                    made.putIfAbsent(field.getKey(), field.getValue());
            }
        } else {
            if (!made.has("additionalProperties")
                    && forms.stream().allMatch(SchemaMerger::isClosed))
                made.put("additionalProperties", false);
            describe(made, union, forms);
        }
    }

    private void joinProperties(ObjectNode made, String union, List<ObjectNode> forms) {
        Map<String, Set<JsonNode>> found = new LinkedHashMap<>();
        for (ObjectNode form : forms) {
            for (var property : form.path("properties").properties()) {
                found.computeIfAbsent(property.getKey(), _ -> new LinkedHashSet<>())
                        .add(property.getValue());
            }
        }
        ObjectNode properties = Json.object().setAll(Json.objectOrEmpty(made.path("properties")));
        for (var property : found.entrySet()) {
            String name = property.getKey();
            JsonNode joined = joined(union, property.getValue());
            JsonNode before = properties.path(name);
            properties.set(
                    name,
                    before.isMissingNode()
                            ? joined
                            : joined("allOf", new LinkedHashSet<>(List.of(before, joined))));
        }
        made.set("properties", properties);
    }

    private static JsonNode joined(String union, Set<JsonNode> schemas) {
        if (schemas.size() == 1) return schemas.iterator().next();
        ObjectNode made = Json.object();
        made.putArray(union).addAll(schemas);
        return made;
    }

    private static Set<String> required(JsonNode schema) {
        var names = new LinkedHashSet<String>();
        for (JsonNode name : schema.path("required")) names.add(name.asString(""));
        return names;
    }

    private static boolean isClosed(ObjectNode schema) {
        return !schema.path("additionalProperties").asBoolean(true);
    }

    /// Tells which properties go together.
    private void describe(ObjectNode made, String union, List<ObjectNode> forms) {
        isExact = false;
        var told =
                new StringJoiner(
                        ", ",
                        union.equals("oneOf")
                                ? "Exactly one of these forms: "
                                : "At least one of these forms: ",
                        "");
        for (ObjectNode form : forms) told.add(form(form));
        String before = made.path("description").asString("");
        made.put("description", before.isEmpty() ? told.toString() : before + "\n\n" + told);
    }

    /// {@return the properties of a form: `{kind: "circle", radius, label?}`}
    private static String form(ObjectNode form) {
        Set<String> required = required(form);
        JsonNode properties = form.path("properties");
        var names = new LinkedHashSet<>(properties.propertyNames());
        names.addAll(required);
        var told = new StringJoiner(", ", "{", "}");
        for (String name : names) {
            JsonNode value = properties.path(name).path("const");
            JsonNode only = properties.path(name).path("enum");
            if (value.isMissingNode() && only.size() == 1) value = only.path(0);
            told.add(
                    name
                            + (required.contains(name) ? "" : "?")
                            + (value.isMissingNode() ? "" : ": " + Json.text(value)));
        }
        return told.toString();
    }
}
