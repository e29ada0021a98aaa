//! How large a config may be, checked before anything of that size is made.

use super::ModelConfig;

impl ModelConfig {
    /// Names the first field that is several times larger than in any published model. What is left can be held, and
    /// products of a few fields be counted.
    pub(super) fn check_bounds(&self) -> Result<(), String> {
        let bounds = [
            ("num_hidden_layers", self.layers, 1 << 12),
            ("max_position_embeddings", self.context, 1 << 22),
            ("vocab_size", self.vocab, 1 << 24),
            ("hidden_size", self.d_model, 1 << 18),
            ("intermediate_size", self.d_ff, 1 << 20),
            ("num_attention_heads", self.heads.heads, 1 << 14),
            ("head_dim", self.heads.head_dim, 1 << 14),
        ];
        for (field, value, most) in bounds {
            if value > most {
                return Err(format!("field `{field}` is {value}; r1 holds at most {most}, so it is damaged"));
            }
        }
        if self.heads.head_dim == 0 {
            let (d_model, heads) = (self.d_model, self.heads.heads);
            return Err(format!("hidden_size {d_model} is too small for {heads} heads; give head_dim"));
        }
        let width = self.heads.heads * self.heads.head_dim;
        if width > 1 << 20 {
            return Err(format!("the heads are {width} wide together; r1 holds at most {}", 1 << 20));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config::tests::parse;

    #[test]
    fn what_no_model_has_is_refused_by_name() {
        for field in [
            "num_hidden_layers",
            "max_position_embeddings",
            "vocab_size",
            "hidden_size",
            "intermediate_size",
            "num_attention_heads",
            "head_dim",
        ] {
            for value in [4_000_000_000_u64, 4_294_967_288] {
                let config = parse(|raw| {
                    raw.insert(field.into(), json!(value));
                    if field == "num_attention_heads" {
                        raw.insert("head_dim".into(), json!(2));
                    }
                });
                let error = config.unwrap_err().to_string();
                assert!(error.contains(&format!("field `{field}` is {value}; r1 holds at most")), "{error}");
            }
        }
        let wide = parse(|raw| {
            raw.insert("num_attention_heads".into(), json!(1 << 14));
            raw.insert("head_dim".into(), json!(1 << 14));
        });
        assert!(wide.unwrap_err().to_string().contains("wide together"));
        let narrow = parse(|raw| raw["num_attention_heads"] = json!(64));
        assert!(narrow.unwrap_err().to_string().contains("hidden_size 32 is too small for 64 heads"));
        // The longest context of these architectures, that of Qwen2.5-1M, is none too many.
        assert!(parse(|raw| raw["max_position_embeddings"] = json!(1_010_000)).is_ok());
    }
}
