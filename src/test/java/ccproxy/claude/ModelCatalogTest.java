package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ModelCatalogTest {
    private final ModelCatalog catalog = new ModelCatalog(ModelMapping.NONE);
    private final JsonNode data = ModelDataTest.data();
    private final String newest = data.path("newest").asString();

    private static ModelCatalog catalog(String rules) {
        return new ModelCatalog(ModelMapping.parse(rules));
    }

    /// A model of the snapshot that a test of the answer's shape may rely on.
    private String some(java.util.function.Predicate<ModelRules> wanted) {
        return data.path("models")
                .valueStream()
                .map(m -> m.path("id").asString())
                .filter(id -> wanted.test(catalog.rules(id)))
                .findFirst()
                .orElseThrow();
    }

    private void refresh(String models) {
        catalog.refresh(Json.tree(models));
    }

    @Test
    void aliasesAndMappingsLeadToModels() {
        for (var alias : catalog.aliases().entrySet())
            assertEquals(alias.getValue(), catalog.resolve(alias.getKey()));
        String sonnet = catalog.resolve("sonnet");
        String haiku = catalog.resolve("haiku");
        assertEquals(sonnet, catalog.resolve("gpt-4o"));
        assertEquals(sonnet, catalog.resolve("chatgpt-4o-latest"));
        assertEquals(haiku, catalog.resolve("gpt-4o-mini"));
        assertEquals(haiku, catalog.resolve("o4-mini"));
        assertEquals(haiku, catalog.resolve("gpt-3.5-turbo"));
        assertEquals(catalog.resolve("opus"), catalog.resolve("o3"));
    }

    @Test
    void rulesOfTheUserComeFirst() {
        ModelCatalog mine = catalog("gpt-4o=haiku,sonnet=my-own-model," + newest + "=other");
        assertEquals(mine.aliases().get("haiku"), mine.resolve("gpt-4o"));
        assertEquals("my-own-model", mine.resolve("sonnet"));
        assertEquals("other", mine.resolve(newest));
        assertEquals(mine.aliases().get("sonnet"), mine.resolve("gpt-4.1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "%s-20260101", "%s@20260101", "%s-latest", "%s-0"})
    void datedNameHasTheRulesOfItsModel(String pattern) {
        String model = some(r -> r.sampling() == ModelRules.Sampling.ALL);
        String name = pattern.formatted(model);
        assertEquals(name, catalog.resolve(name));
        assertEquals(catalog.rules(model).named(name), catalog.rules(name));
        assertNotEquals(catalog.rules(newest).named(name), catalog.rules(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"claude-next-9", "my-finetune", "claude-opus-5-5-2026"})
    void unknownModelPassesWithTheRulesOfTheNewest(String name) {
        assertEquals(name, catalog.resolve(name));
        assertEquals(catalog.rules(newest).named(name), catalog.rules(name));
    }

    @Test
    void suffixesAskForMore() {
        String sonnet = catalog.resolve("sonnet");
        for (String base : List.of("sonnet", sonnet, "gpt-4o")) {
            for (String effort :
                    List.of("none", "minimal", "low", "medium", "high", "xhigh", "max")) {
                assertEquals(
                        new ModelCatalog.Resolved(sonnet, effort, Set.of()),
                        catalog.resolveWithSuffix(base + ":" + effort));
            }
            assertEquals(
                    new ModelCatalog.Resolved(sonnet, "medium", Set.of()),
                    catalog.resolveWithSuffix(base + "-thinking"));
            assertEquals(
                    new ModelCatalog.Resolved(sonnet, "", Set.of()),
                    catalog.resolveWithSuffix(base));
            assertEquals(
                    new ModelCatalog.Resolved(sonnet, "high", Set.of()),
                    catalog.resolveWithSuffix(base + "[1m]:high"));
        }
        assertEquals(
                new ModelCatalog.Resolved("unknown:odd", "", Set.of()),
                catalog.resolveWithSuffix("unknown:odd"));
    }

    @Test
    void longContextBringsItsBetaWhereItIsOne() {
        String model =
                data.path("models")
                        .valueStream()
                        .filter(m ->
                                data.path("kinds")
                                        .path(m.path("kind").asString())
                                        .path("rules")
                                        .has("context_beta"))
                        .map(m -> m.path("id").asString())
                        .findFirst()
                        .orElseThrow();
        assertEquals(
                new ModelCatalog.Resolved(model, "", Set.of("context-1m-2025-08-07")),
                catalog.resolveWithSuffix(model + "[1m]"));
        assertEquals(Set.of(), catalog.resolveWithSuffix(newest + "[1m]").betas());
    }

    @Test
    void rulesOfTheUserForAWholeNameComeBeforeItsSuffix() {
        assertEquals(
                new ModelCatalog.Resolved("exact", "", Set.of()),
                catalog("gpt-4o:high=exact").resolveWithSuffix("gpt-4o:high"));
        assertEquals(
                new ModelCatalog.Resolved("exact", "high", Set.of()),
                catalog("gpt-4o=exact").resolveWithSuffix("gpt-4o:high"));
    }

    @Test
    void newModelThatTheUpstreamTellsOfWorksNatively() {
        String id = "claude-new-9";
        refresh(
                """
                [{"type":"model","id":"claude-new-9","max_tokens":7,"capabilities":{
                "structured_outputs":{"supported":true},"image_input":{"supported":false},
                "thinking":{"supported":true,"types":{"adaptive":{"supported":false},"enabled":{"supported":true}}},
                "of_the_future":{"supported":true}}}]\
                """);
        ModelRules rules = catalog.rules(id);
        assertTrue(rules.hasStructuredOutputs());
        assertFalse(rules.hasImages());
        assertTrue(rules.hasPdfs(), "what is not told is as with the newest");
        assertTrue(rules.thinking().contains("enabled"));
        assertFalse(rules.thinking().contains("adaptive"));
        assertEquals(7, rules.tokensMax());
        assertEquals(catalog.rules(newest).sampling(), rules.sampling());
        assertEquals(rules.named(id + "-20270101"), catalog.rules(id + "-20270101"));
        assertEquals(
                new ModelCatalog.Resolved(id, "low", Set.of()),
                catalog.resolveWithSuffix(id + ":low"));
    }

    @Test
    void capabilitiesWinAndRulesStay() {
        String old = some(r -> r.sampling() == ModelRules.Sampling.ALL && !r.hasPdfs());
        ModelRules before = catalog.rules(old);
        refresh(
                "[{\"id\":\""
                        + old
                        + "-20990101\",\"capabilities\":{\"pdf_input\":{\"supported\":true}}}]");
        ModelRules dated = catalog.rules(old + "-20990101");
        assertTrue(dated.hasPdfs());
        assertEquals(before.sampling(), dated.sampling());
        assertEquals(before.hasPrefill(), dated.hasPrefill());
        assertEquals(before, catalog.rules(old), "another model learned from it");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "null",
                "\"text\"",
                "[1,null,\"x\",[],{}]",
                "[{\"id\":7}]",
                "[{\"id\":\"%s\"}]",
                "[{\"id\":\"%s\",\"capabilities\":null,\"max_tokens\":\"many\"}]",
                "[{\"id\":\"%s\",\"capabilities\":[1]}]",
                "[{\"id\":\"%s\",\"capabilities\":{\"image_input\":true,\"thinking\":null,\"effort\":{\"low\":1}}}]",
                "[{\"id\":\"%s\",\"capabilities\":{\"image_input\":{\"supported\":null}}}]"
            })
    void malformedListChangesNothing(String list) {
        ModelRules before = catalog.rules(newest);
        refresh(list.formatted(newest));
        assertEquals(before, catalog.rules(newest));
        assertEquals(newest, catalog.resolve(newest));
    }

    @Test
    void modelIsFoundByNameAliasAndDate() {
        for (String name : List.of(newest, newest + "-20990101", "default")) {
            JsonNode one = Json.tree(new String(catalog.one(name), StandardCharsets.UTF_8));
            assertEquals("model", one.path("type").asString(), name);
            assertTrue(one.path("capabilities").has("thinking"), name);
        }
        assertEquals(0, catalog.one("unknown").length);
    }
}
