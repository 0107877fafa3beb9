package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelsToChatTest {
    private static byte[] utf8(String json) {
        return Conversion.strict(json).getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8).replace('"', '\'');
    }

    @Test
    void aListHasTheModelsAndThenTheAliases() {
        byte[] models =
                utf8(
                        "{'data':[{'type':'model','id':'m','display_name':'M','created_at':'2026-01-01T00:00:00Z','max_input_tokens':9},"
                                + "{'id':'n','created_at':'soon'}],'has_more':false}");
        assertEquals(
                "{'object':'list','data':[{'id':'m','object':'model','created':1767225600,'owned_by':'anthropic','display_name':'M','context_window':9},"
                        + "{'id':'n','object':'model','created':0,'owned_by':'anthropic'},"
                        + "{'id':'opus','object':'model','created':0,'owned_by':'anthropic'}]}",
                text(ModelsToChat.list(models, Map.of("opus", "m"))));
    }

    @Test
    void oneModelHasTheNameItWasAskedBy() {
        assertEquals(
                "{'id':'opus','object':'model','created':0,'owned_by':'anthropic'}",
                text(ModelsToChat.one(utf8("{'id':'m'}"), "opus")));
    }
}
