project = "A site that trains a recommender"
html_theme = "furo"
html_static_path = ["_static"]
html_js_files = [("twotower/element.js", {"type": "module"})]
html_css_files = ["two-tower.css"]
