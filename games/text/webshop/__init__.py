"""WebShop: a text shop with search, pages and options, where an instruction says what to buy.

The page machine and the reward are those of WebShop (Yao et al. 2022) with the changes that make it
deterministic for ExpeL (Zhao et al. 2024): a product costs the mean of its price range, and a page of
results shows ten. Products and instructions come with nimue (`synthetic`) or from WebShop's own files
(`official`).
"""
