package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import ccproxy.wire.ModelRules.Sampling;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `temperature`, `top_p`, `top_k` and `stop`, as far as the model and the API version take them.
final class ChatSampling {
    private final Sampling sampling;
    private final Warnings warnings;
    private final boolean isThinking;
    private final String why;

    /// @param isVersionWithout whether the API version knows no sampling fields at all
    ChatSampling(
            ModelRules rules, Warnings warnings, boolean isThinking, boolean isVersionWithout) {
        this.sampling = isVersionWithout ? Sampling.NONE : rules.sampling();
        this.warnings = warnings;
        this.isThinking = isThinking;
        this.why = isVersionWithout ? "dropped(api_version)" : "dropped";
    }

    /// Writes what is left of them.
    void write(Field request, ObjectNode body) {
        boolean hasTemperature = temperature(request.get("temperature"), body);
        topP(request.get("top_p"), body, hasTemperature);
        topK(request.get("top_k"), body);
        stop(request, body);
    }

    private boolean temperature(Field field, ObjectNode body) {
        if (!field.isPresent()) return false;
        double value = field.number(0, 2);
        if (sampling == Sampling.NONE || isThinking) {
            // 1 is what the model does anyway.
            if (value != 1)
                warnings.add(
                        "temperature",
                        isThinking && sampling != Sampling.NONE ? "dropped(thinking)" : why);
            return false;
        }
        if (value > 1) {
            warnings.add("temperature", "clamped(1)");
            body.put("temperature", 1);
        } else {
            body.set("temperature", field.value());
        }
        return true;
    }

    private void topP(Field field, ObjectNode body, boolean hasTemperature) {
        if (!field.isPresent()) return;
        double value = field.number(0, 1);
        if (sampling == Sampling.NONE) {
            if (value < 1) warnings.add("top_p", why);
        } else if (isThinking && value < 0.95) {
            warnings.add("top_p", "dropped(thinking)");
        } else if (sampling == Sampling.ONE && hasTemperature) {
            if (value < 1) warnings.add("top_p", "dropped(temperature)");
        } else {
            body.set("top_p", field.value());
        }
    }

    private void topK(Field field, ObjectNode body) {
        if (!field.isPresent()) return;
        field.integer(0, Integer.MAX_VALUE);
        if (sampling == Sampling.NONE) warnings.add("top_k", why);
        else if (isThinking) warnings.add("top_k", "dropped(thinking)");
        else body.set("top_k", field.value());
    }

    private void stop(Field request, ObjectNode body) {
        Field field = request.get("stop");
        Field other = request.get("stop_sequences");
        if (field.isPresent() && other.isPresent()) warnings.add("stop_sequences", "dropped");
        if (!field.isPresent()) field = other;
        if (!field.isPresent()) return;
        ArrayNode kept = Json.array();
        if (field.value().isString()) {
            stop(field, kept);
        } else if (field.value().isArray()) {
            for (Field one : field.elements()) stop(one, kept);
        } else {
            throw field.expected("a string or an array of strings");
        }
        if (!kept.isEmpty()) body.set("stop_sequences", kept);
    }

    /// The API refuses stop sequences of white space only.
    private void stop(Field one, ArrayNode kept) {
        if (one.text().isBlank()) warnings.add(one.path(), "dropped");
        else kept.add(one.text());
    }
}
